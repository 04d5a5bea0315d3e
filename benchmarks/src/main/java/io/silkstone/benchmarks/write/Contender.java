package io.silkstone.benchmarks.write;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.silkstone.benchmarks.BenchmarkFailed;
import io.silkstone.benchmarks.load.LoadClient;
import io.silkstone.benchmarks.load.ObjectFormat;
import io.silkstone.benchmarks.load.Tally;
import io.silkstone.benchmarks.load.Workload;
import io.silkstone.benchmarks.measure.Affinity;
import io.silkstone.benchmarks.measure.Compilers;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.ServerProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A server that is measured, with how it keeps what is written, and what it must have. */
final class Contender {
    /** What the keys of Redis's figures begin with. */
    static final String REDIS = "redis_";

    private static final int FILL_PIPELINE = 64;
    private static final int FILL_CONNECTIONS = 4;
    private static final long FILL_NANOS_MAX = 120_000_000_000L;
    private static final int KEYS_AT_ONCE = 1_000;

    private final String key;
    private final Keeping keeping;
    private final WriteLedger ledger;
    private ServerProcess server;

    private Contender(String key, Keeping keeping, WriteLedger ledger, ServerProcess server) {
        this.key = key;
        this.keeping = keeping;
        this.ledger = ledger;
        this.server = server;
    }

    /**
     * Fills {@code server}, which keeps as {@code keeping} says, with {@code keys} objects.
     *
     * @param key prefix of its figures in the result line
     */
    static Contender fill(
            String key, Keeping keeping, ServerProcess server, int keys, RandomGenerator random)
            throws IOException, BenchmarkFailed {
        Shape most = Shape.PIPELINED;
        WriteLedger ledger = new WriteLedger(keys, most.connections(), most.pipeline(), random);
        Contender contender = new Contender(key, keeping, ledger, server);
        try (LoadClient client = new LoadClient(server.port(), FILL_CONNECTIONS, FILL_PIPELINE)) {
            Tally tally = contender.check(client.run(Workload.fill(keys), FILL_NANOS_MAX));
            if (tally.requests() < keys) {
                throw new BenchmarkFailed(contender + " took longer than two minutes to be filled");
            }
        }
        return contender;
    }

    /** Prefix of its figures for {@code shape} in the result line. */
    String key(Shape shape) {
        return key + keeping.key() + "_" + shape.key() + "_";
    }

    ServerProcess server() {
        return server;
    }

    Keeping keeping() {
        return keeping;
    }

    /** It was killed, and is another process now. */
    void server(ServerProcess next) {
        server = next;
        ledger.killed();
    }

    /** What the compilers of its JVM, if it is one, have done so far. */
    Compilers compilers() {
        return Compilers.of(server.pid());
    }

    /** Overwrites objects for {@code nanos} from processor 1; every reply is checked. */
    Tally write(Shape shape, long nanos) throws Exception {
        return check(writeUntilBroken(shape, nanos));
    }

    /** As {@link #write}, for a server that may be killed meanwhile. */
    Tally writeUntilBroken(Shape shape, long nanos) throws Exception {
        return Affinity.callOn(
                1,
                () -> {
                    try (LoadClient client =
                            new LoadClient(server.port(), shape.connections(), shape.pipeline())) {
                        return client.run(ledger, nanos);
                    }
                });
    }

    /** How many writes it has acknowledged that it does not have. */
    long lost() throws IOException, BenchmarkFailed {
        long lost = 0;
        try (RespConnection connection = new RespConnection(server.port())) {
            for (int from = 0; from < ledger.keys(); from += KEYS_AT_ONCE) {
                int end = Math.min(from + KEYS_AT_ONCE, ledger.keys());
                List<Integer> versions = versions(connection, from, end);
                for (int index = 0; index < versions.size(); index++) {
                    lost += ledger.found(from + index, versions.get(index));
                }
            }
        } catch (IllegalStateException e) {
            throw new BenchmarkFailed(this + ": " + e.getMessage());
        }
        return lost;
    }

    private List<Integer> versions(RespConnection connection, int from, int end)
            throws IOException, BenchmarkFailed {
        byte[] name = new byte[ObjectFormat.KEY_BYTES];
        String[] words = new String[1 + end - from];
        words[0] = "MGET";
        for (int number = from; number < end; number++) {
            ObjectFormat.putKey(name, number);
            words[1 + number - from] = new String(name, US_ASCII);
        }
        Object reply = connection.call(words);
        if (!(reply instanceof List<?> values)) {
            throw new BenchmarkFailed(this + " answered MGET with " + reply);
        }
        List<Integer> versions = new ArrayList<>();
        for (Object value : values) {
            versions.add(value == null ? 0 : ObjectFormat.version((String) value));
        }
        return versions;
    }

    private Tally check(Tally tally) throws BenchmarkFailed {
        if (tally.failed() + tally.lost() > 0) {
            throw new BenchmarkFailed(
                    String.format(
                            "%s failed %d writes; first: %s",
                            this, tally.failed() + tally.lost(), tally.firstFailure()));
        }
        return tally;
    }

    @Override
    public String toString() {
        // What keeps likewise in Redis is in the name of the server.
        return key.startsWith(REDIS) ? server.name() : server.name() + " " + keeping;
    }
}
