package io.silkstone.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.ClusterPipeline;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/** Redis Cluster's clients do with a cluster of nodes what they do with Redis's. */
class ClusterClientsTest {
    private static final Duration CALL_MAX = Duration.ofSeconds(60);
    private static final int KEYS = 200;

    private static SmallCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = SmallCluster.start();
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void empty() {
        for (int node = 0; node < 2; node++) {
            try (Jedis jedis = jedis(cluster.port(node))) {
                jedis.flushAll();
            }
        }
    }

    private static Jedis jedis(int port) {
        return new Jedis("127.0.0.1", port, (int) CALL_MAX.toMillis());
    }

    private static long objects(int node) {
        try (Jedis jedis = jedis(cluster.port(node))) {
            return jedis.dbSize();
        }
    }

    @Test
    void jedis_reachesEveryKey() {
        HostAndPort first = new HostAndPort("127.0.0.1", cluster.redirecting());
        try (var jedis = redis.clients.jedis.RedisClusterClient.create(first)) {
            assertThat(jedis.getClusterNodes()).hasSize(2);
            for (int i = 0; i < KEYS; i++) {
                assertThat(jedis.set("key" + i, "value" + i)).isEqualTo("OK");
            }
            for (int i = 0; i < KEYS; i++) {
                assertThat(jedis.get("key" + i)).isEqualTo("value" + i);
                assertThat(jedis.incr("{key" + i + "}n")).isEqualTo(1);
            }
            assertThat(jedis.mget("key1", "{key1}n", "{key1}none"))
                    .containsExactly("value1", "1", null);
            try (ClusterPipeline pipeline = jedis.pipelined()) {
                List<Response<String>> replies = new ArrayList<>();
                for (int i = 0; i < KEYS; i++) {
                    replies.add(pipeline.getDel("key" + i));
                }
                pipeline.sync();
                assertThat(replies.get(KEYS - 1).get()).isEqualTo("value" + (KEYS - 1));
            }
        }
        assertThat(objects(0)).isPositive();
        assertThat(objects(1)).isPositive();
        assertThat(objects(0) + objects(1)).isEqualTo(KEYS);
    }

    @Test
    void lettuce_reachesEveryKey() {
        RedisURI first =
                RedisURI.builder()
                        .withHost("127.0.0.1")
                        .withPort(cluster.redirecting())
                        .withTimeout(CALL_MAX)
                        .build();
        RedisClusterClient client = RedisClusterClient.create(first);
        try (StatefulRedisClusterConnection<String, String> connection = client.connect()) {
            assertThat(connection.getPartitions()).hasSize(2);
            RedisAdvancedClusterCommands<String, String> redis = connection.sync();
            Map<String, String> all = new HashMap<>();
            for (int i = 0; i < KEYS; i++) {
                all.put("key" + i, "value" + i);
            }
            // Lettuce sends a part to each owner of a slot, and so it reads.
            assertThat(redis.mset(all)).isEqualTo("OK");
            assertThat(redis.dbsize()).isEqualTo(KEYS);
            assertThat(redis.mget("key1", "key2", "none"))
                    .extracting(each -> each.getValueOrElse(""))
                    .containsExactly("value1", "value2", "");
            assertThat(new HashSet<>(redis.keys("*"))).isEqualTo(all.keySet());
            assertThat(redis.del(all.keySet().toArray(new String[0]))).isEqualTo(KEYS);
        } finally {
            client.shutdown(Duration.ZERO, CALL_MAX);
        }
    }

    @Test
    void clientOfOneNode_isRedirectedByTheOneAndServedByTheOther() {
        Set<Integer> redirected = new HashSet<>();
        try (Jedis redirecting = jedis(cluster.redirecting());
                Jedis passing = jedis(cluster.passing())) {
            for (int i = 0; i < KEYS; i++) {
                assertThat(passing.set("key" + i, "value" + i)).isEqualTo("OK");
                assertThat(passing.append("key" + i, "!")).isPositive();
            }
            String[] keys = new String[KEYS];
            String[] values = new String[KEYS];
            for (int i = 0; i < KEYS; i++) {
                keys[i] = "key" + i;
                values[i] = "value" + i + "!";
            }
            assertThat(passing.mget(keys)).containsExactly(values);
            assertThat(passing.exists(keys)).isEqualTo(KEYS);
            for (String key : keys) {
                try {
                    assertThat(redirecting.get(key)).startsWith("value");
                } catch (JedisMovedDataException moved) {
                    redirected.add(moved.getTargetNode().getPort());
                }
            }
            assertThatThrownBy(() -> passing.mset("key1", "a", "key2", "b", "key3", "c"))
                    .isInstanceOf(JedisDataException.class)
                    .hasMessageContaining("slot");
        }
        assertThat(redirected).containsExactly(cluster.passing());
        assertThat(objects(0)).isPositive();
    }

    @Test
    void redisCli_followsRedirects() throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(cli("-c", "-p", port(), "set", "cli" + i, "value")).endsWith("OK");
            assertThat(cli("-c", "-p", port(), "get", "cli" + i)).endsWith("value");
        }
        assertThat(objects(0) + objects(1)).isEqualTo(10);
    }

    @Test
    void redisCli_check_findsNothingWrong() throws Exception {
        assertThat(cli("--cluster", "check", "127.0.0.1:" + port()))
                .contains("All nodes agree about slots configuration.")
                .contains("All 16384 slots covered.")
                .doesNotContain("ERR", "WARNING");
    }

    @Test
    void redisBenchmark_ofAClusterRunsThrough() throws Exception {
        String said =
                run("redis-benchmark", "--cluster", "-p", port(), "-n", "2000", "-t", "set,get");
        assertThat(said).contains("2 master nodes", "SET", "GET").doesNotContain("Error");
    }

    private static String port() {
        return Integer.toString(cluster.redirecting());
    }

    private static String cli(String... words) throws Exception {
        return run("redis-cli", words);
    }

    private static String run(String program, String... words) throws Exception {
        Optional<Tool> tool = Tool.find(program);
        assumeThat(tool).as("%s on this machine", program).isPresent();
        try (Workplace workplace = new Workplace("cli")) {
            Tool.Outcome outcome =
                    Tool.run(workplace, workplace.folder(), CALL_MAX, tool.get().with(words));
            assertThat(outcome.inTime()).as("%s ends", program).isTrue();
            return outcome.output().strip();
        }
    }
}
