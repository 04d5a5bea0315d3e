package io.silkstone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.harness.ServerProcess;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/** Jedis does with a node what it does with Redis. */
class JedisTest {
    private static final String HOST = "127.0.0.1";
    private static final long WAIT_NANOS_MAX = 20_000_000_000L;

    private final ServerProcess server = SharedServer.get();
    private Jedis jedis;

    @BeforeEach
    void connect() {
        jedis = new Jedis(HOST, server.port());
        assertThat(jedis.flushAll()).isEqualTo("OK");
    }

    @AfterEach
    void disconnect() {
        jedis.close();
    }

    @Test
    void strings_areStoredReadAndRemoved() {
        assertThat(jedis.get("absent")).isNull();
        assertThat(jedis.set("key", "value")).isEqualTo("OK");
        assertThat(jedis.get("key")).isEqualTo("value");
        assertThat(jedis.append("key", ", more")).isEqualTo(11);
        assertThat(jedis.getrange("key", 7, -1)).isEqualTo("more");
        assertThat(jedis.strlen("key")).isEqualTo(11);
        assertThat(jedis.exists("key")).isTrue();
        assertThat(jedis.type("key")).isEqualTo("string");
        assertThat(jedis.getDel("key")).isEqualTo("value, more");
        assertThat(jedis.exists("key")).isFalse();
        assertThat(jedis.del("key")).isZero();
    }

    @Test
    void strings_ofAnyBytes_comeBackAsTheyWere() {
        Random random = new Random(1);
        for (int length : new int[] {0, 1, 7, 100, 4_096, 65_537, 1_000_000}) {
            byte[] key = new byte[1 + length % 300];
            byte[] value = new byte[length];
            random.nextBytes(key);
            random.nextBytes(value);
            jedis.set(key, value);
            assertThat(jedis.get(key)).as("%d bytes", length).isEqualTo(value);
        }
    }

    @Test
    void set_withConditions_isDoneOnlyWhenTheyHold() {
        assertThat(jedis.set("key", "1", SetParams.setParams().xx())).isNull();
        assertThat(jedis.set("key", "1", SetParams.setParams().nx())).isEqualTo("OK");
        assertThat(jedis.set("key", "2", SetParams.setParams().nx())).isNull();
        assertThat(jedis.setGet("key", "3")).isEqualTo("1");
        assertThat(jedis.get("key")).isEqualTo("3");
    }

    @Test
    void manyKeys_inOneCommand() {
        assertThat(jedis.mset("{t}a", "1", "{t}b", "2")).isEqualTo("OK");
        assertThat(jedis.mget("{t}a", "{t}none", "{t}b")).containsExactly("1", null, "2");
        assertThat(jedis.msetnx("{t}b", "x", "{t}c", "x")).isZero();
        assertThat(jedis.exists("{t}a", "{t}b", "{t}c")).isEqualTo(2);
        assertThat(jedis.del("{t}a", "{t}b", "{t}c")).isEqualTo(2);
    }

    @Test
    void numbers_count() {
        assertThat(jedis.incr("n")).isEqualTo(1);
        assertThat(jedis.incrBy("n", 41)).isEqualTo(42);
        assertThat(jedis.decrBy("n", 50)).isEqualTo(-8);
        assertThat(jedis.incrByFloat("f", 1.5)).isEqualTo(1.5);
        jedis.set("word", "abc");
        assertThatThrownBy(() -> jedis.incr("word"))
                .isInstanceOf(JedisDataException.class)
                .hasMessageContaining("not an integer");
    }

    @Test
    void numbers_countedByManyConnections_loseNothing() throws Exception {
        int threads = 8;
        int each = 500;
        CountDownLatch done = new CountDownLatch(threads);
        try (RedisClient pool = RedisClient.create(HOST, server.port())) {
            for (int thread = 0; thread < threads; thread++) {
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    for (int count = 0; count < each; count++) {
                                        pool.incr("shared");
                                    }
                                    done.countDown();
                                });
            }
            done.await();
            assertThat(pool.get("shared")).isEqualTo(Integer.toString(threads * each));
        }
    }

    @Test
    void expiry_isSetReadAndTakenBack() {
        jedis.set("key", "value", SetParams.setParams().ex(100));
        assertThat(jedis.ttl("key")).isBetween(1L, 100L);
        assertThat(jedis.pttl("key")).isBetween(1L, 100_000L);
        assertThat(jedis.persist("key")).isEqualTo(1);
        assertThat(jedis.ttl("key")).isEqualTo(-1);
        assertThat(jedis.pexpire("key", 200_000)).isEqualTo(1);
        assertThat(jedis.ttl("key")).isBetween(100L, 200L);
        assertThat(jedis.ttl("absent")).isEqualTo(-2);
    }

    @Test
    void expiry_whenItsTimeIsOver_hidesTheKey() {
        jedis.set("key", "value", SetParams.setParams().px(30));
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        while (jedis.get("key") != null) {
            assertThat(System.nanoTime() - deadline).as("the key is still there").isNegative();
        }
        assertThat(jedis.exists("key")).isFalse();
        assertThat(jedis.ttl("key")).isEqualTo(-2);
    }

    @Test
    void transaction_isDoneAsAWhole() {
        try (Transaction transaction = jedis.multi()) {
            Response<String> set = transaction.set("{t}a", "1");
            Response<Long> count = transaction.incr("{t}a");
            assertThat(transaction.exec()).containsExactly("OK", 2L);
            assertThat(set.get()).isEqualTo("OK");
            assertThat(count.get()).isEqualTo(2);
        }
        try (Transaction transaction = jedis.multi()) {
            transaction.set("{t}a", "never");
            assertThat(transaction.discard()).isEqualTo("OK");
        }
        assertThat(jedis.get("{t}a")).isEqualTo("2");
    }

    @Test
    void transaction_onAWatchedKeyThatChanged_isNotDone() {
        try (Jedis other = new Jedis(HOST, server.port())) {
            jedis.set("watched", "1");
            jedis.watch("watched");
            other.set("watched", "2");
            try (Transaction transaction = jedis.multi()) {
                transaction.set("watched", "3");
                assertThat(transaction.exec()).isNull();
            }
            assertThat(jedis.get("watched")).isEqualTo("2");
        }
    }

    @Test
    void pipeline_repliesComeInOrder() {
        int count = 10_000;
        List<Response<String>> replies = new ArrayList<>();
        try (Pipeline pipeline = jedis.pipelined()) {
            for (int number = 0; number < count; number++) {
                pipeline.set("p" + number, Integer.toString(number));
                replies.add(pipeline.get("p" + number));
            }
            pipeline.sync();
        }
        for (int number = 0; number < count; number++) {
            assertThat(replies.get(number).get()).isEqualTo(Integer.toString(number));
        }
        assertThat(jedis.dbSize()).isEqualTo(count);
    }

    @Test
    void scan_findsEveryKey() {
        Set<String> keys = new HashSet<>();
        try (Pipeline pipeline = jedis.pipelined()) {
            for (int number = 0; number < 3_000; number++) {
                keys.add("scan:" + number);
                pipeline.set("scan:" + number, "");
                pipeline.set("other:" + number, "");
            }
            pipeline.sync();
        }
        Set<String> found = new HashSet<>();
        ScanParams params = new ScanParams().match("scan:*").count(100);
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            ScanResult<String> part = jedis.scan(cursor, params);
            found.addAll(part.getResult());
            cursor = part.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        assertThat(found).isEqualTo(keys);
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void protocol_ofEitherVersion_isSpoken(RedisProtocol protocol) {
        DefaultJedisClientConfig config =
                DefaultJedisClientConfig.builder()
                        .protocol(protocol)
                        .clientName("test-" + protocol)
                        .build();
        try (Jedis client = new Jedis(HOST, server.port(), config)) {
            client.set("key", "value");
            assertThat(client.get("key")).isEqualTo("value");
            assertThat(client.get("absent")).isNull();
            assertThat(client.mget("key", "absent")).containsExactly("value", null);
            assertThat(client.clientGetname()).isEqualTo("test-" + protocol);
            assertThat(client.info("server")).contains("redis_version");
            assertThat(client.configGet("maxmemory")).containsKey("maxmemory");
        }
    }
}
