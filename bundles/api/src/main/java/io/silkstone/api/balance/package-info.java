/**
 * How load is spread over the servers of a cluster. To decide it, implement {@link
 * io.silkstone.api.balance.BalanceStrategy}: the mechanism asks it now and then, and has tablets
 * cut and moved as it says. {@link io.silkstone.api.balance.Balancer} shows and steers that.
 */
@Export
@Version("1.0.0")
package io.silkstone.api.balance;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
