/** Judges histories: could one sequential store have told its clients all this? */
package io.silkstone.simulation.check;
