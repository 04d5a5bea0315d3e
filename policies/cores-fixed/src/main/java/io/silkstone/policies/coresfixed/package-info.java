/**
 * A core policy that holds a fixed number of cores, for machines whose cores are divided by hand
 * and for comparisons. Read {@link io.silkstone.policies.coresfixed.FixedPolicy}; the component
 * only gives it its settings.
 */
package io.silkstone.policies.coresfixed;
