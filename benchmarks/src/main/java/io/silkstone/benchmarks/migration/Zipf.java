package io.silkstone.benchmarks.migration;

import java.util.SplittableRandom;

/**
 * Numbers of which few are chosen often, as YCSB chooses keys: rank {@code r} with a probability in
 * proportion to {@code 1 / r^theta}, after Gray et al. (SIGMOD 1994, section 3.2). Ranks are
 * scattered over the numbers, so that what is chosen often does not lie together. One thread.
 */
final class Zipf {
    /** YCSB's. */
    static final double THETA = 0.99;

    /** Prime, and no divisor of any count that is lower. */
    private static final long SCATTER = 2_147_483_647;

    private final int count;
    private final SplittableRandom random;
    private final double zeta;
    private final double eta;
    private final double theta;
    private final double alpha;

    /** Of the numbers below {@code count}, with YCSB's skew. */
    Zipf(int count, SplittableRandom random) {
        this(count, THETA, random);
    }

    /** With a {@code theta} below 1; 0 for all alike. */
    Zipf(int count, double theta, SplittableRandom random) {
        this.count = count;
        this.theta = theta;
        this.random = random;
        alpha = 1 / (1 - theta);
        double sum = 0;
        for (int rank = 1; rank <= count; rank++) {
            sum += 1 / Math.pow(rank, theta);
        }
        zeta = sum;
        double zetaOfTwo = 1 + Math.pow(0.5, theta);
        eta = (1 - Math.pow(2.0 / count, 1 - theta)) / (1 - zetaOfTwo / zeta);
    }

    /** The next one. */
    int next() {
        return (int) (rank() * SCATTER % count);
    }

    private long rank() {
        double share = random.nextDouble();
        double weight = share * zeta;
        if (weight < 1) {
            return 0;
        }
        if (weight < 1 + Math.pow(0.5, theta)) {
            return 1;
        }
        return Math.min(count - 1, (long) (count * Math.pow(eta * share - eta + 1, alpha)));
    }
}
