/** What is packed into the bundles that {@code bench swap} drops into a node. */
package io.silkstone.benchmarks.swap.policy;
