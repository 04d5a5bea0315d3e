/**
 * What every bundle stands on: clocks, random numbers, checks of configuration, file trees,
 * metrics. Plain Java without OSGi and without threads. Time and randomness enter a class through
 * its constructor as {@link io.silkstone.base.NanoClock}, {@link io.silkstone.base.EpochClock} and
 * {@link java.util.random.RandomGenerator}, so that a simulation can replay a run from its seed.
 */
@Export
@Version("1.1.0")
package io.silkstone.base;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
