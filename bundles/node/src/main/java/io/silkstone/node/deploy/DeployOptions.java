package io.silkstone.node.deploy;

import io.silkstone.base.Checks;

/**
 * What an operator allows.
 *
 * @param signatures whether bundles must be signed
 * @param mechanism whether the node's own mechanism may be replaced
 * @param startMs how long a bundle or one of its components may take to start
 * @param watchMs how long a new bundle is watched before it counts as good
 */
record DeployOptions(SignatureRule signatures, boolean mechanism, long startMs, long watchMs) {
    static final long START_MS = 10_000;
    static final long START_MS_MAX = 600_000;
    static final long WATCH_MS = 2_000;
    static final long WATCH_MS_MAX = 600_000;

    DeployOptions {
        Checks.inRange("start.ms", startMs, 1, START_MS_MAX);
        Checks.inRange("watch.ms", watchMs, 0, WATCH_MS_MAX);
    }
}
