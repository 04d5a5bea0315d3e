package io.silkstone.benchmarks.swap;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.operator.ControlSession;
import io.silkstone.benchmarks.operator.ControlSession.InUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ways in which an operator swaps a core policy. Each call swaps once, and returns when the
 * node says that the new one decides.
 */
enum SwapWay {
    /** {@code policy:use}. */
    COMMAND {
        @Override
        void swap(Operator operator) throws Exception {
            String to = operator.otherThan(operator.session.coresInUse().name());
            operator.session.run("policy:use cores " + to);
            operator.awaitName(to);
        }
    },

    /** An edit of the file that says which policy is wanted. */
    CONFIGURATION {
        @Override
        void swap(Operator operator) throws Exception {
            String to = operator.otherThan(operator.session.coresInUse().name());
            operator.edit(to);
            operator.awaitName(to);
        }
    },

    /** A newer version dropped into the deploy folder. */
    UPGRADE {
        @Override
        void swap(Operator operator) throws Exception {
            int number = ++operator.version;
            Path jar = operator.home.resolve("deploy").resolve(PolicyJar.NAME + ".jar");
            if (!operator.session.coresInUse().name().equals(PolicyJar.NAME) && number > 1) {
                operator.session.run("policy:use cores " + PolicyJar.NAME);
            }
            PolicyJar.write(jar, number);
            if (number == 1) {
                // The first is no upgrade yet: it has to be there before it can be wanted.
                operator.awaitInstalled(PolicyJar.version(number));
                operator.session.run("policy:use cores " + PolicyJar.NAME);
            }
            operator.await(new InUse(PolicyJar.NAME, PolicyJar.version(number)));
        }
    },

    /** The bundle of the policy in use is stopped; the next call starts it again. */
    STOP {
        @Override
        void swap(Operator operator) throws Exception {
            if (operator.stopped == null) {
                InUse present = operator.session.coresInUse();
                String name = operator.bundled(present);
                operator.session.run("policy:use cores " + name);
                String bundle = operator.bundleOf(name);
                operator.session.run("felix:stop " + bundle);
                operator.stopped = new Stopped(name, bundle);
                operator.awaitOther(name);
            } else {
                operator.session.run("felix:start " + operator.stopped.bundle);
                operator.awaitName(operator.stopped.name);
                operator.stopped = null;
            }
        }
    };

    /** A policy whose bundle is stopped. */
    private record Stopped(String name, String bundle) {}

    /** Swaps once. */
    abstract void swap(Operator operator) throws Exception;

    /** Somebody who swaps, with what he has to remember from one swap to the next. */
    static final class Operator {
        private static final String[] BUNDLED = {"fixed", "loadfactor"};
        private static final String WISH_FILE = "io.silkstone.policies.cfg";
        private static final Pattern BUNDLE_ID =
                Pattern.compile("(?m)^\\s*(\\d+)\\|\\w+\\s*\\|[^|]*\\|.*cores-(\\w+)");

        private final ControlSession session;
        private final Path home;
        private int version;
        private Stopped stopped;

        Operator(ControlSession session, Path home) {
            this.session = session;
            this.home = home;
        }

        /** A bundle that is stopped is started again. */
        void finish() throws Exception {
            if (stopped != null) {
                STOP.swap(this);
            }
        }

        /** A policy of the distribution: the one in use, if it is one. */
        private String bundled(InUse present) {
            boolean isBundled =
                    List.of(BUNDLED).contains(present.name())
                            && !present.version().equals("built-in");
            return isBundled ? present.name() : BUNDLED[0];
        }

        private String otherThan(String name) {
            return name.equals(BUNDLED[0]) ? BUNDLED[1] : BUNDLED[0];
        }

        private void edit(String name) throws IOException {
            Path file = home.resolve("etc").resolve(WISH_FILE);
            Path draft = file.resolveSibling(WISH_FILE + ".new");
            Files.writeString(draft, "cores=" + name + "\n");
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        }

        private void awaitName(String name) throws Exception {
            session.awaitCores(present -> present.name().equals(name), name);
        }

        private void awaitOther(String name) throws Exception {
            session.awaitCores(
                    present -> !present.name().equals(name) || present.version().equals("built-in"),
                    "another than " + name);
        }

        private void await(InUse wanted) throws Exception {
            session.awaitCores(wanted::equals, wanted.toString());
        }

        private void awaitInstalled(String wanted) throws Exception {
            for (int attempt = 0; attempt < 600; attempt++) {
                if (session.run("policy:list --json").contains(wanted)) {
                    return;
                }
                Thread.sleep(100);
            }
            throw new BenchmarkFailed("the bundle in the deploy folder was not installed");
        }

        private String bundleOf(String name) throws IOException, BenchmarkFailed {
            String list = session.run("felix:lb cores-");
            Matcher rows = BUNDLE_ID.matcher(list);
            while (rows.find()) {
                if (rows.group(2).equals(name)) {
                    return rows.group(1);
                }
            }
            throw new BenchmarkFailed("no bundle of the policy " + name + " in: " + list);
        }
    }
}
