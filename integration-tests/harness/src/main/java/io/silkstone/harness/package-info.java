/**
 * Servers in processes of their own, for tests and benchmarks that look at a node from outside. A
 * {@link io.silkstone.harness.Workplace} owns every process and file of a run and removes them at
 * its end, an interrupted run included; {@link io.silkstone.harness.NodeProcess} and {@link
 * io.silkstone.harness.RedisProcess} start servers in it; {@link
 * io.silkstone.harness.RespConnection} talks to them.
 */
package io.silkstone.harness;
