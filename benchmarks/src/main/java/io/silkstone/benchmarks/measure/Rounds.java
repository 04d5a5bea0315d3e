package io.silkstone.benchmarks.measure;

import io.silkstone.benchmarks.Setting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Runs rivals in turn, round by round, with a look at the machine before and after each round. The
 * order rotates, so that none always follows the same other.
 */
public final class Rounds {
    private final Setting setting;
    private final Probe probe = new Probe();
    private final List<Probe.Look> looks = new ArrayList<>();

    /** Prints to {@code setting}. */
    public Rounds(Setting setting) {
        this.setting = setting;
    }

    /** One rival's part of a round. */
    @FunctionalInterface
    public interface Trial {
        /** Measures once. */
        void run() throws Exception;
    }

    /**
     * Runs every one of {@code trials} {@code rounds} times. On a machine that is too busy for that
     * within four minutes (half a minute in a quick run) it leaves it at five rounds, or two.
     */
    public void interleave(int rounds, List<Trial> trials) throws Exception {
        long start = System.nanoTime();
        long limitNanos = setting.choose(240, 30) * 1_000_000_000L;
        int enough = setting.choose(5, 2);
        for (int round = 1; round <= rounds; round++) {
            if (round > enough && System.nanoTime() - start > limitNanos) {
                setting.say("the machine is too busy for all %d rounds", rounds);
                break;
            }
            run(round, rounds, trials);
        }
    }

    /** Runs every one of {@code trials} {@code rounds} times, however long it takes. */
    public void interleaveAll(int rounds, List<Trial> trials) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            run(round, rounds, trials);
        }
    }

    private void run(int round, int rounds, List<Trial> trials) throws Exception {
        Probe.Look before = probe.look();
        List<Trial> order = new ArrayList<>(trials);
        Collections.rotate(order, round);
        for (Trial trial : order) {
            trial.run();
        }
        Probe.Look after = probe.look();
        looks.add(before);
        looks.add(after);
        setting.say("round %d of %d: machine %s before, %s after", round, rounds, before, after);
    }

    /** How many of the looks so far found the machine in {@code state}. */
    public long looks(Probe.State state) {
        return looks.stream().filter(look -> look.state() == state).count();
    }

    /** Adds to {@code result} how often the machine was near, far and busy. */
    public void addTo(ResultLine result) {
        result.put("probes_near", looks(Probe.State.NEAR));
        result.put("probes_far", looks(Probe.State.FAR));
        result.put("probes_busy", looks(Probe.State.BUSY));
    }
}
