/**
 * Where the messages of a node go: one file and the console, whichever of the four ways they came
 * ({@link java.lang.System.Logger}, java.util.logging, the OSGi log service, the framework).
 */
package io.silkstone.launcher.log;
