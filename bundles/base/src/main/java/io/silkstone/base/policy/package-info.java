/**
 * What a mechanism needs to have a policy decide that it asks seldom and does not trust: start at
 * {@link io.silkstone.base.policy.StrategySlot}.
 */
@Export
@Version("1.0.0")
package io.silkstone.base.policy;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
