/** {@code bench threads}: user threads of Silkstone beside virtual threads of the JDK. */
package io.silkstone.benchmarks.threads;
