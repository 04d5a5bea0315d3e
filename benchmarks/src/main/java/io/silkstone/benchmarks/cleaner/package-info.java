/** {@code bench cleaner}: overwrites while memory is nearly full of live objects. */
package io.silkstone.benchmarks.cleaner;
