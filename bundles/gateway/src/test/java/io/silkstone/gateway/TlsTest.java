package io.silkstone.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.SslContext;
import io.silkstone.gateway.net.Certificates;
import io.silkstone.gateway.net.Tls;
import io.silkstone.gateway.net.Transport;
import io.silkstone.store.StoreOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Key;
import java.security.KeyStore;
import java.time.Instant;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class TlsTest {
    private static final String PASSWORD = "changeit";

    @TempDir static Path directory;
    private static Path keystore;
    private static Path certificate;
    private static Path key;

    @BeforeAll
    static void makeCertificate() throws Exception {
        keystore = selfSigned("node.p12");
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keystore)) {
            store.load(in, PASSWORD.toCharArray());
        }
        Key secret = store.getKey("node", PASSWORD.toCharArray());
        certificate = pem("CERTIFICATE", store.getCertificate("node").getEncoded());
        key = pem("PRIVATE KEY", secret.getEncoded());
    }

    private static Path selfSigned(String name) throws Exception {
        Path file = directory.resolve(name);
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "node",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD)
                        .redirectErrorStream(true)
                        .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        return file;
    }

    private static Path pem(String title, byte[] bytes) throws IOException {
        String text =
                "-----BEGIN "
                        + title
                        + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
                        + "\n-----END "
                        + title
                        + "-----\n";
        return Files.writeString(directory.resolve(title.replace(' ', '-') + ".pem"), text);
    }

    private static SSLContext client(Path trusting, boolean withCertificate) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        byte[] bytes = Files.readAllBytes(trusting);
        store.load(new ByteArrayInputStream(bytes), PASSWORD.toCharArray());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("node", store.getCertificate("node"));
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                withCertificate ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
        return context;
    }

    private static WireClient connect(int port, boolean withCertificate) throws Exception {
        return connect(port, keystore, withCertificate);
    }

    private static WireClient connect(int port, Path trusting, boolean withCertificate)
            throws Exception {
        SSLSocket socket =
                (SSLSocket)
                        client(trusting, withCertificate)
                                .getSocketFactory()
                                .createSocket("127.0.0.1", port);
        return new WireClient(socket);
    }

    private static GatewayOptions.Builder options(Tls tls) {
        return GatewayOptions.builder().port(-1).tls(0, tls);
    }

    /** Files that need not be there, for options that are never used. */
    static Tls anyFiles() {
        Path none = Path.of("none");
        return new Tls(none, none, null, null, null, Tls.Clients.NONE);
    }

    private static Tls pemFiles(Path trusted, Tls.Clients clients) {
        return new Tls(certificate, key, null, null, trusted, clients);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void requests_overTls_areServedLargeAndSmall(Transport transport) throws Exception {
        Tls tls = pemFiles(null, Tls.Clients.NONE);
        try (TestNode node = TestNode.start(options(tls), new TestRuntime(1), transport);
                WireClient client = connect(node.gateway.boundTlsPort(), false)) {
            assertThat(node.gateway.boundPort()).isEqualTo(-1);
            assertThat(client.ask("PING")).isEqualTo("+PONG");
            String value = "x".repeat(700_000);
            client.write(
                    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + value.length() + "\r\n" + value + "\r\n");
            assertThat(client.read()).isEqualTo("+OK");
            client.write("GET k\r\n".repeat(8) + "KEYS *\r\nPING\r\n");
            for (int i = 0; i < 8; i++) {
                assertThat(client.read()).isEqualTo("$700000 " + value);
            }
            assertThat(client.read()).isEqualTo("*1 $1 k");
            assertThat(client.read()).isEqualTo("+PONG");
        }
    }

    @Test
    void keystore_servesAsWell() throws Exception {
        Tls tls = new Tls(null, null, keystore, PASSWORD, null, Tls.Clients.NONE);
        try (TestNode node = TestNode.start(options(tls), new TestRuntime(1), Transport.best());
                WireClient client = connect(node.gateway.boundTlsPort(), false)) {
            assertThat(client.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void clientCertificate_whenRequired_isWanted() throws Exception {
        Tls tls = pemFiles(certificate, Tls.Clients.REQUIRED);
        try (TestNode node = TestNode.start(options(tls), new TestRuntime(1), Transport.best())) {
            int port = node.gateway.boundTlsPort();
            try (WireClient client = connect(port, true)) {
                assertThat(client.ask("PING")).isEqualTo("+PONG");
            }
            try (WireClient stranger = connect(port, false)) {
                assertThatThrownBy(() -> stranger.ask("PING")).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void plainBytes_onTheTlsPort_endTheConnection() throws Exception {
        Tls tls = pemFiles(null, Tls.Clients.NONE);
        try (TestNode node = TestNode.start(options(tls), new TestRuntime(1), Transport.best());
                WireClient client = new WireClient(node.gateway.boundTlsPort())) {
            client.write("PING\r\n");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void start_wrongFile_isRefusedByName() {
        Tls tls = new Tls(key, key, null, null, null, Tls.Clients.NONE);
        assertThatThrownBy(() -> TestNode.start(options(tls), new TestRuntime(1), Transport.best()))
                .isInstanceOf(GatewayRefused.class)
                .hasMessage(
                        "tls.certificate.file names "
                                + key
                                + ", which holds no certificate in PEM");
    }

    @Test
    void start_refusedForItsFiles_saysNothingElse() {
        Tls tls = store(keystore, "wrong");
        assertThatThrownBy(() -> TestNode.start(options(tls), new TestRuntime(1), Transport.best()))
                .hasMessageContaining("tls.keystore.file")
                .hasNoCause();
    }

    @Test
    void context_ofFilesThatCannotBeUsed_isRefusedInASentence() throws Exception {
        Path none = directory.resolve("none");
        Path junk = Files.writeString(directory.resolve("junk"), "junk");
        Path onlyTrust = directory.resolve("trust.p12");
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        try (OutputStream out = Files.newOutputStream(onlyTrust)) {
            trust.store(out, PASSWORD.toCharArray());
        }
        refused(pem(none, key, null), "tls.certificate.file", none, "does not exist");
        refused(pem(directory, key, null), "tls.certificate.file", directory, "is not a file");
        refused(pem(junk, key, null), "tls.certificate.file", junk, "holds no certificate");
        refused(pem(certificate, none, null), "tls.key.file", none, "does not exist");
        refused(pem(certificate, junk, null), "tls.key.file", junk, "holds no PKCS 8 key in PEM");
        refused(pem(certificate, key, none), "tls.trusted.file", none, "does not exist");
        refused(pem(certificate, key, junk), "tls.trusted.file", junk, "holds no certificate");
        refused(store(none, PASSWORD), "tls.keystore.file", none, "does not exist");
        refused(store(junk, PASSWORD), "tls.keystore.file", junk, "is not a PKCS 12 file");
        refused(
                store(keystore, "wrong"),
                "tls.keystore.file",
                keystore,
                "tls.password does not open");
        refused(store(keystore, null), "tls.keystore.file", keystore, "tls.password does not open");
        refused(store(onlyTrust, PASSWORD), "tls.keystore.file", onlyTrust, "holds no key");
    }

    @Test
    void renewedFiles_areTakenWhileTheNodeServes() throws Exception {
        Path renewed = selfSigned("renewed.p12");
        Path used = Files.copy(keystore, directory.resolve("used.p12"));
        AtomicLong millis = new AtomicLong(1_700_000_000_000L);
        RedisGateway.Environment environment =
                new RedisGateway.Environment(
                        () -> Instant.ofEpochMilli(millis.get()), System::nanoTime, new Random(5));
        try (TestNode node =
                        TestNode.start(
                                options(store(used, PASSWORD)).build(),
                                new TestRuntime(1),
                                Transport.best(),
                                StoreOptions.DEFAULTS.withMemoryBytes(64 << 20),
                                environment);
                WireClient before = connect(node.gateway.boundTlsPort(), false)) {
            assertThat(before.ask("PING")).isEqualTo("+PONG");
            Files.move(renewed, used, StandardCopyOption.REPLACE_EXISTING);
            String answer = null;
            while (answer == null) {
                millis.addAndGet(10_000);
                try (WireClient after = connect(node.gateway.boundTlsPort(), used, false)) {
                    answer = after.ask("PING");
                } catch (SSLException stillTheOldOne) {
                    Thread.onSpinWait();
                }
            }
            assertThat(answer).isEqualTo("+PONG");
            assertThat(before.ask("PING")).isEqualTo("+PONG");
        }
    }

    @Test
    void renewedFiles_areTakenWhenTheyAreWhole() throws Exception {
        Path chain = Files.copy(certificate, directory.resolve("renewed-chain.pem"));
        Certificates shown = new Certificates(pem(chain, key, null), TlsTest::runHere, 0);
        SslContext first = shown.now();
        shown.tick(10_000);
        shown.tick(20_000);
        assertThat(shown.now()).isSameAs(first);
        Files.writeString(chain, "half of a certif");
        for (int seconds = 30; seconds < 60; seconds += 10) {
            shown.tick(seconds * 1000L);
            assertThat(shown.now()).isSameAs(first);
        }
        Files.copy(certificate, chain, StandardCopyOption.REPLACE_EXISTING);
        shown.tick(60_000);
        shown.tick(69_999);
        assertThat(shown.now()).isSameAs(first);
        shown.tick(70_000);
        assertThat(shown.now()).isNotSameAs(first);
    }

    private static boolean runHere(Runnable task) {
        task.run();
        return true;
    }

    private static Tls pem(Path chain, Path secret, Path trusted) {
        return new Tls(chain, secret, null, null, trusted, Tls.Clients.NONE);
    }

    private static Tls store(Path file, String password) {
        return new Tls(null, null, file, password, null, Tls.Clients.NONE);
    }

    private static void refused(Tls tls, String setting, Path file, String why) {
        assertThatThrownBy(tls::context)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(setting + " names " + file + ", which " + why);
    }
}
