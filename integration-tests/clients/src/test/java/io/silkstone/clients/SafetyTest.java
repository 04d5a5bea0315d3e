package io.silkstone.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.silkstone.harness.NodeProcess;
import io.silkstone.harness.Ports;
import io.silkstone.harness.RespConnection;
import io.silkstone.harness.Tool;
import io.silkstone.harness.Workplace;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** A node with a password, in clear and over TLS with a certificate made for this run. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SafetyTest {
    private static final String HOST = "127.0.0.1";
    private static final String PASSWORD = "correct horse";
    private static final String STORE_PASSWORD = "battery staple";
    private static final Duration KEYTOOL_MAX = Duration.ofSeconds(120);

    private final Workplace workplace = new Workplace("safety");
    private NodeProcess node;
    private Path keystore;
    private int tlsPort;

    @BeforeAll
    void start() throws Exception {
        keystore = workplace.folder().resolve("node.p12");
        makeCertificate();
        tlsPort = Ports.free();
        String gateway =
                """
                requirepass = %s
                tls.port = %d
                tls.keystore.file = %s
                tls.password = %s
                """
                        .formatted(PASSWORD, tlsPort, keystore, STORE_PASSWORD);
        node =
                NodeProcess.start(
                        workplace, List.of(), Map.of("io.silkstone.gateway.redis", gateway));
    }

    @AfterAll
    void stop() {
        workplace.close();
    }

    @Test
    void withoutThePassword_nothingIsAnsweredButAuth() throws Exception {
        try (RespConnection connection = new RespConnection(node.port())) {
            assertThat(connection.call("GET", "key")).asString().contains("NOAUTH");
            assertThat(connection.call("AUTH", "wrong")).asString().contains("WRONGPASS");
            assertThat(connection.call("SET", "key", "x")).asString().contains("NOAUTH");
            assertThat(connection.call("AUTH", PASSWORD)).isEqualTo("OK");
            assertThat(connection.call("SET", "key", "x")).isEqualTo("OK");
        }
    }

    @Test
    void jedis_withThePassword_isServed() {
        DefaultJedisClientConfig config =
                DefaultJedisClientConfig.builder().password(PASSWORD).build();
        try (Jedis jedis = new Jedis(HOST, node.port(), config)) {
            jedis.set("jedis", "in clear");
            assertThat(jedis.get("jedis")).isEqualTo("in clear");
        }
        DefaultJedisClientConfig wrong =
                DefaultJedisClientConfig.builder().password("wrong").build();
        assertThatThrownBy(() -> new Jedis(HOST, node.port(), wrong).close())
                .isInstanceOf(JedisException.class);
    }

    @Test
    void jedis_overTls_isServed() {
        DefaultJedisClientConfig config =
                DefaultJedisClientConfig.builder()
                        .password(PASSWORD)
                        .sslOptions(
                                redis.clients.jedis.SslOptions.builder()
                                        .truststore(keystore.toFile(), STORE_PASSWORD.toCharArray())
                                        .trustStoreType("PKCS12")
                                        .build())
                        .build();
        try (Jedis jedis = new Jedis(HOST, tlsPort, config)) {
            String large = "x".repeat(300_000);
            jedis.set("jedis:tls", large);
            assertThat(jedis.get("jedis:tls")).isEqualTo(large);
        }
    }

    @Test
    void lettuce_overTls_isServed() {
        RedisURI uri =
                RedisURI.builder()
                        .withHost(HOST)
                        .withPort(tlsPort)
                        .withSsl(true)
                        .withPassword(PASSWORD.toCharArray())
                        .withTimeout(Duration.ofSeconds(60))
                        .build();
        RedisClient client = RedisClient.create(uri);
        try {
            client.setOptions(
                    ClientOptions.builder()
                            .sslOptions(
                                    SslOptions.builder()
                                            .jdkSslProvider()
                                            .truststore(keystore.toFile(), STORE_PASSWORD)
                                            .build())
                            .build());
            try (var connection = client.connect()) {
                connection.sync().set("lettuce:tls", "value");
                assertThat(connection.sync().get("lettuce:tls")).isEqualTo("value");
            }
        } finally {
            client.shutdown();
        }
    }

    @Test
    void aClientInClear_atTheTlsPort_getsNothingAndTheNodeServesOn() throws Exception {
        try (RespConnection connection = new RespConnection(tlsPort)) {
            connection.sendRaw("PING\r\n".getBytes(UTF_8));
            connection.endSending();
            assertThatThrownBy(connection::receive).isInstanceOf(IOException.class);
        }
        jedis_withThePassword_isServed();
    }

    private void makeCertificate() throws Exception {
        Tool keytool =
                new Tool(
                        Path.of(
                                System.getProperty("java.home") + File.separator + "bin",
                                "keytool"));
        Tool.Outcome outcome =
                Tool.run(
                        workplace,
                        workplace.folder(),
                        KEYTOOL_MAX,
                        keytool.with(
                                "-genkeypair",
                                "-alias",
                                "node",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "SAN=dns:localhost,ip:127.0.0.1",
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                keystore.toString(),
                                "-storepass",
                                STORE_PASSWORD));
        assertThat(outcome.succeeded()).as(outcome.output()).isTrue();
    }
}
