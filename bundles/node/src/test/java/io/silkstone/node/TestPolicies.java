package io.silkstone.node;

import java.util.function.LongSupplier;

/** Policies whose class files go into test bundles; the type of the slot is LongSupplier. */
public final class TestPolicies {
    private TestPolicies() {}

    /** Decides 1. */
    public static final class Steady implements LongSupplier {
        @Override
        public long getAsLong() {
            return 1;
        }
    }

    /** Cannot be activated. */
    public static final class Stillborn implements LongSupplier {
        public Stillborn() {
            throw new IllegalArgumentException("the moon is in the wrong quarter");
        }

        @Override
        public long getAsLong() {
            return 2;
        }
    }

    /** Throws at its first decision. */
    public static final class Faulty implements LongSupplier {
        @Override
        public long getAsLong() {
            throw new IllegalStateException("no idea");
        }
    }

    /** Is no policy of the slot's type. */
    public static final class Alien implements Runnable {
        @Override
        public void run() {}
    }
}
