/** What clients asked, and what they were told. */
package io.silkstone.simulation.history;
