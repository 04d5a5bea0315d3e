package io.silkstone.node;

import java.util.Map;
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

    /** Decides what its settings say, while it is in use too. */
    public static final class Adjustable implements LongSupplier {
        private volatile long decision;

        public void activate(Map<String, Object> settings) {
            decision = Long.parseLong(String.valueOf(settings.get("decision")));
        }

        public void modified(Map<String, Object> settings) {
            activate(settings);
        }

        @Override
        public long getAsLong() {
            return decision;
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
