/**
 * Messages between processes. A {@link io.silkstone.api.transport.Transport} carries them and knows
 * nothing of what is in them; requests, replies, deadlines and retries are the business of the
 * layer above, which is written for the weakest promise that is made here.
 */
@Export
@Version("1.1.0")
package io.silkstone.api.transport;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
