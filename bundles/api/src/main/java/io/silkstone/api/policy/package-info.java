/**
 * Policies are decisions in bundles of their own. A policy is a service of its kind's interface
 * (such as {@link io.silkstone.api.threads.CorePolicy}) that carries {@link
 * io.silkstone.api.policy.Policy}; a mechanism takes it through a {@link
 * io.silkstone.api.policy.PolicySlot}; operators see and switch them through the {@link
 * io.silkstone.api.policy.PolicyDirectory}.
 */
@Export
@Version("1.0.0")
package io.silkstone.api.policy;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
