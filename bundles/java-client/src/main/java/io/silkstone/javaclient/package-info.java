/**
 * The Java client for any JVM: one builder call brings transport, poller and tables. Start at
 * {@link io.silkstone.javaclient.SilkstoneClient}.
 */
package io.silkstone.javaclient;
