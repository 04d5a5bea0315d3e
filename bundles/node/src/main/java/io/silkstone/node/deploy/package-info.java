/**
 * How bundles get into a running node. {@link io.silkstone.node.deploy.Deployer} verifies,
 * installs, watches and goes back; {@link io.silkstone.node.deploy.DeployDirectory} calls it for
 * what is dropped into {@code deploy}, the shell for what an operator names. There is no other way
 * in.
 */
package io.silkstone.node.deploy;
