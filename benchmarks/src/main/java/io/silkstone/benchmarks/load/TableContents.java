package io.silkstone.benchmarks.load;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a table is to hold, through the Java client.
 *
 * @param name of the table, for messages
 */
public record TableContents(TableClient table, String name, Objects objects) {
    private static final int FILL_BATCH = 1_000;

    /** Writes every object, some at a time. */
    public void fill() throws BenchmarkFailed {
        for (int first = 0; first < objects.count(); first += FILL_BATCH) {
            List<TableClient.Write> batch = new ArrayList<>();
            int end = Math.min(objects.count(), first + FILL_BATCH);
            for (int number = first; number < end; number++) {
                batch.add(new TableClient.Write(objects.key(number), objects.value(number, 0)));
            }
            for (Answer answer : table.writeAll(batch)) {
                if (!answer.isOk()) {
                    throw new BenchmarkFailed("a write was answered " + answer.status());
                }
            }
        }
    }

    /** Looks at every object there is. */
    public void check() throws BenchmarkFailed {
        AtomicInteger found = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        table.scan(
                object -> {
                    int number = objects.number(object.key());
                    boolean isRight = objects.version(number, object.value()) >= 0;
                    (isRight ? found : wrong).incrementAndGet();
                });
        if (found.get() != objects.count() || wrong.get() > 0) {
            throw new BenchmarkFailed(
                    "%s has %d of %d objects, and %d that are wrong"
                            .formatted(name, found.get(), objects.count(), wrong.get()));
        }
    }
}
