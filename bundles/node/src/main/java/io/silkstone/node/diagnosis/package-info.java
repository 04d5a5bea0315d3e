/**
 * Why something does not work, in sentences: what a bundle misses ({@link
 * io.silkstone.node.diagnosis.MissingRequirements}), what a component waits for ({@link
 * io.silkstone.node.diagnosis.ComponentStates}), and both for the whole node ({@link
 * io.silkstone.node.diagnosis.Diagnosis}).
 */
package io.silkstone.node.diagnosis;
