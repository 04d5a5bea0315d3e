package io.silkstone.benchmarks.migration;

import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.silkstone.client.Answer;
import io.silkstone.client.TableClient;
import java.nio.charset.StandardCharsets;
import redis.clients.jedis.HostAndPort;

/** The clients that are there while tablets move, with their usual settings. */
final class Doors {
    private static final String LOOPBACK = "127.0.0.1";

    private Doors() {}

    /** Jedis, as a client of Redis Cluster that knows one node. */
    static SoakUser.Door jedis(int port) {
        var jedis = redis.clients.jedis.RedisClusterClient.create(new HostAndPort(LOOPBACK, port));
        return new SoakUser.Door() {
            @Override
            public void write(String key, String value) {
                jedis.set(key, value);
            }

            @Override
            public String read(String key) {
                return jedis.get(key);
            }

            @Override
            public void close() {
                jedis.close();
            }
        };
    }

    /** Lettuce, as a client of Redis Cluster that knows one node. */
    static SoakUser.Door lettuce(int port) {
        RedisClusterClient client = RedisClusterClient.create("redis://" + LOOPBACK + ":" + port);
        StatefulRedisClusterConnection<String, String> connection = client.connect();
        return new SoakUser.Door() {
            @Override
            public void write(String key, String value) {
                connection.sync().set(key, value);
            }

            @Override
            public String read(String key) {
                return connection.sync().get(key);
            }

            @Override
            public void close() {
                connection.close();
                client.shutdown();
            }
        };
    }

    /** The Java client; {@code table} is its owner's to close. */
    static SoakUser.Door java(TableClient table) {
        return new SoakUser.Door() {
            @Override
            public void write(String key, String value) {
                Answer answer = table.write(bytes(key), bytes(value));
                if (!answer.isOk()) {
                    throw new IllegalStateException("a write was answered " + answer.status());
                }
            }

            @Override
            public String read(String key) {
                Answer answer = table.read(bytes(key));
                if (answer.status() == io.silkstone.api.store.Status.NOT_FOUND) {
                    return null;
                }
                if (!answer.isOk()) {
                    throw new IllegalStateException("a read was answered " + answer.status());
                }
                return new String(answer.value(), StandardCharsets.UTF_8);
            }

            @Override
            public void close() {
                // Its client is the owner's.
            }
        };
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
