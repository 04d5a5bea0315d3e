package io.silkstone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.SetArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.silkstone.harness.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lettuce does with a node what it does with Redis. */
class LettuceTest {
    private static final Duration REPLY_MAX = Duration.ofSeconds(60);

    private final ServerProcess server = SharedServer.get();
    private RedisClient client;
    private StatefulRedisConnection<String, String> connection;
    private RedisCommands<String, String> redis;

    @BeforeEach
    void connect() {
        client =
                RedisClient.create(
                        RedisURI.builder()
                                .withHost("127.0.0.1")
                                .withPort(server.port())
                                .withTimeout(REPLY_MAX)
                                .build());
        connection = client.connect();
        redis = connection.sync();
        assertThat(redis.flushall()).isEqualTo("OK");
    }

    @AfterEach
    void disconnect() {
        connection.close();
        client.shutdown(Duration.ZERO, REPLY_MAX);
    }

    @Test
    void strings_areStoredReadAndRemoved() {
        assertThat(redis.set("key", "value")).isEqualTo("OK");
        assertThat(redis.get("key")).isEqualTo("value");
        assertThat(redis.setGet("key", "next")).isEqualTo("value");
        assertThat(redis.incrby("n", 5)).isEqualTo(5);
        assertThat(redis.del("key")).isEqualTo(1);
        assertThat(redis.get("key")).isNull();
    }

    @Test
    void expiry_isSetAndRead() {
        redis.set("key", "value", SetArgs.Builder.ex(100));
        assertThat(redis.ttl("key")).isBetween(1L, 100L);
        assertThat(redis.expire("key", 1_000)).isTrue();
        assertThat(redis.pttl("key")).isGreaterThan(100_000);
        assertThat(redis.persist("key")).isTrue();
        assertThat(redis.ttl("key")).isEqualTo(-1);
    }

    @Test
    void transaction_isDoneAsAWholeOrNotAtAll() {
        redis.watch("{t}a");
        redis.multi();
        redis.set("{t}a", "1");
        redis.incr("{t}a");
        TransactionResult done = redis.exec();
        assertThat(done.wasDiscarded()).isFalse();
        assertThat(done).containsExactly("OK", 2L);

        redis.watch("{t}a");
        try (StatefulRedisConnection<String, String> other = client.connect()) {
            other.sync().set("{t}a", "5");
        }
        redis.multi();
        redis.set("{t}a", "9");
        assertThat(redis.exec().wasDiscarded()).isTrue();
        assertThat(redis.get("{t}a")).isEqualTo("5");
    }

    @Test
    void pipeline_repliesComeInOrder() {
        connection.setAutoFlushCommands(false);
        List<RedisFuture<Long>> replies = new ArrayList<>();
        for (int number = 0; number < 5_000; number++) {
            replies.add(connection.async().incr("n"));
        }
        connection.flushCommands();
        connection.setAutoFlushCommands(true);
        boolean all =
                LettuceFutures.awaitAll(
                        REPLY_MAX.toMillis(),
                        TimeUnit.MILLISECONDS,
                        replies.toArray(RedisFuture[]::new));
        assertThat(all).isTrue();
        for (int number = 0; number < replies.size(); number++) {
            assertThat(replies.get(number).toCompletableFuture().join()).isEqualTo(number + 1);
        }
    }

    @Test
    void scan_findsEveryKey() {
        Set<String> keys = new HashSet<>();
        for (int number = 0; number < 500; number++) {
            keys.add("scan:" + number);
            redis.set("scan:" + number, "");
        }
        Set<String> found = new HashSet<>();
        ScanIterator<String> iterator = ScanIterator.scan(redis, ScanArgs.Builder.limit(50));
        iterator.forEachRemaining(found::add);
        assertThat(found).isEqualTo(keys);
    }

    @ParameterizedTest
    @EnumSource(
            value = ProtocolVersion.class,
            names = {"RESP2", "RESP3"})
    void protocol_ofEitherVersion_isSpoken(ProtocolVersion version) {
        client.setOptions(ClientOptions.builder().protocolVersion(version).build());
        try (StatefulRedisConnection<String, String> other = client.connect()) {
            other.sync().set("key", "value");
            assertThat(other.sync().get("key")).isEqualTo("value");
            assertThat(other.sync().get("absent")).isNull();
            assertThat(other.sync().configGet("maxmemory")).containsKey("maxmemory");
        }
    }
}
