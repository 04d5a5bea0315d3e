package io.silkstone.simulation.settings;

import java.util.List;
import java.util.random.RandomGenerator;

/** Things of which the seed draws one, those of greater weight more often. */
public final class Weights<T> {
    private final List<Weighed<T>> things;
    private final int total;

    /** A thing, and how often it is drawn compared with others. */
    public record Weighed<T>(int weight, T thing) {}

    Weights(List<Weighed<T>> things) {
        this.things = List.copyOf(things);
        total = things.stream().mapToInt(Weighed::weight).sum();
    }

    /** One of them. */
    public T draw(RandomGenerator random) {
        int at = random.nextInt(total);
        int index = 0;
        while (at >= things.get(index).weight) {
            at -= things.get(index).weight;
            index++;
        }
        return things.get(index).thing;
    }

    /** Those that can be drawn. */
    public List<T> things() {
        return things.stream().filter(each -> each.weight > 0).map(Weighed::thing).toList();
    }
}
