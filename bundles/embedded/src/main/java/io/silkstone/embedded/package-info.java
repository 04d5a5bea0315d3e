/**
 * A Silkstone node inside any JVM, without OSGi: {@link io.silkstone.embedded.Silkstone#builder}
 * wires threads, store and gateway as the components of their bundles do, and nothing more.
 */
package io.silkstone.embedded;
