package io.silkstone.benchmarks.migration;

import java.util.List;

/**
 * A way for a tablet to move: a strategy and its settings.
 *
 * @param word what its figures are called
 * @param strategy by the name that operators use
 * @param settings lines of its configuration file, each key that any other way has
 * @param theta how unevenly keys are asked for
 */
record Way(String word, String strategy, List<String> settings, double theta) {
    private static final String ROCKSTEADY = "rocksteady";
    private static final int PAPERS_PULL_BYTES = 20_480;
    private static final int FIXED_PULL_BYTES = 57_344;
    private static final int BUSY_PULL_BYTES = 24_576;

    /** As long, and as many, as fits the source and the round trip. */
    private static final int FITTED = 0;

    private static final int PULLS_MAX = 128;
    private static final int PARTS = 8;

    /** All that are compared: Rocksteady, its ablations, its rivals, and other skews. */
    static final List<Way> ALL =
            List.of(
                    rocksteady(ROCKSTEADY, "asynchronous", true, PARTS, FITTED, Zipf.THETA),
                    inLogOrder(),
                    rocksteady("synchronous", "synchronous", true, PARTS, FITTED, Zipf.THETA),
                    rocksteady("unasked", "none", true, PARTS, FITTED, Zipf.THETA),
                    rocksteady("foreground", "asynchronous", false, PARTS, FITTED, Zipf.THETA),
                    rocksteady("parts1", "asynchronous", true, 1, FITTED, Zipf.THETA),
                    rocksteady(
                            "pulls56k", "asynchronous", true, PARTS, FIXED_PULL_BYTES, Zipf.THETA),
                    rocksteady(
                            "pulls20k", "asynchronous", true, PARTS, PAPERS_PULL_BYTES, Zipf.THETA),
                    rocksteady("skew0", "asynchronous", true, PARTS, FITTED, 0),
                    rocksteady("skew50", "asynchronous", true, PARTS, FITTED, 0.5),
                    new Way("stopandcopy", "stop-and-copy", List.of(), Zipf.THETA),
                    new Way("sourceretains", "source-retains", List.of(), Zipf.THETA));

    private static Way rocksteady(
            String word,
            String priorityPulls,
            boolean background,
            int parts,
            int pullBytes,
            double theta) {
        boolean isFitted = pullBytes == FITTED;
        int busyBytes = isFitted ? BUSY_PULL_BYTES : Math.min(BUSY_PULL_BYTES, pullBytes);
        return new Way(
                word,
                ROCKSTEADY,
                List.of(
                        "priority.pulls = " + priorityPulls,
                        "background.pulls = " + background,
                        "partitions = " + parts,
                        "pull.order = hash",
                        "pull.bytes = " + pullBytes,
                        "pulls = " + (isFitted ? FITTED : PULLS_MAX),
                        "pull.busy.bytes = " + busyBytes),
                theta);
    }

    /** As shipped, but for the order in which the source reads. */
    private static Way inLogOrder() {
        Way shipped = rocksteady("logorder", "asynchronous", true, PARTS, FITTED, Zipf.THETA);
        List<String> settings =
                shipped.settings.stream()
                        .map(each -> each.replace("pull.order = hash", "pull.order = log"))
                        .toList();
        return new Way(shipped.word, ROCKSTEADY, settings, Zipf.THETA);
    }

    /** Whether only what clients ask for comes, so that it has no end. */
    boolean isEndless() {
        return settings.contains("background.pulls = false");
    }

    /** The same with an end. */
    Way withBackground() {
        List<String> ended =
                settings.stream()
                        .map(each -> each.replace("pulls = false", "pulls = true"))
                        .toList();
        return new Way(word, strategy, ended, theta);
    }
}
