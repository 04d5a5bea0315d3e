/**
 * Counters, gauges and latency histograms. Each subsystem declares its metrics as an enum that
 * implements {@link io.silkstone.api.metrics.MetricDescriptor} and gets them from the {@link
 * io.silkstone.api.metrics.MetricRegistry} once, when it is built.
 */
@Export
@Version("1.0.0")
package io.silkstone.api.metrics;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
