package io.silkstone.node;

import java.util.Map;
import java.util.function.LongSupplier;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Policies whose class files go into test bundles; the type of the slot is LongSupplier. */
public final class TestPolicies {
    public static final String HANG = "silkstone.test.hang";

    private TestPolicies() {}

    /** Decides 1. */
    public static final class Steady implements LongSupplier {
        @Override
        public long getAsLong() {
            return 1;
        }
    }

    /** Decides what its settings say, while it is in use too; refuses what is over 100. */
    public static final class Adjustable implements LongSupplier {
        private volatile long decision;

        public void activate(Map<String, Object> settings) {
            long wanted = Long.parseLong(String.valueOf(settings.get("decision")));
            if (wanted > 100) {
                throw new IllegalArgumentException("decision must be 100 or less, was " + wanted);
            }
            decision = wanted;
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

    /** Does not come up while the system property {@link #HANG} is set. */
    public static final class Hanging implements LongSupplier {
        public Hanging() {
            hang();
        }

        @Override
        public long getAsLong() {
            return 3;
        }

        static void hang() {
            while (System.getProperty(HANG) != null) {
                try {
                    Thread.sleep(10);
                } catch (InterruptedException deaf) {
                    // Not even that helps.
                }
            }
        }
    }

    /** An activator that does not come up while the system property {@link #HANG} is set. */
    public static final class HangingActivator implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            Hanging.hang();
        }

        @Override
        public void stop(BundleContext context) {}
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
