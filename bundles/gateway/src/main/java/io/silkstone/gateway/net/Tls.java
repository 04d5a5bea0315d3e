package io.silkstone.gateway.net;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates and keys from files, for the JDK's TLS.
 *
 * @param certificate a chain in PEM, or null
 * @param key its PKCS 8 key in PEM, or null
 * @param keystore a PKCS 12 file with both instead, or null
 * @param password of the key or the keystore, or null
 * @param trusted certificates in PEM or PKCS 12 that clients' ones must descend from, or null
 * @param clients whether clients must have a certificate: none, optional or required
 */
public record Tls(
        Path certificate, Path key, Path keystore, String password, Path trusted, Clients clients) {
    private static final String CERTIFICATE = "tls.certificate.file";
    private static final String KEY = "tls.key.file";
    private static final String KEYSTORE = "tls.keystore.file";
    private static final String TRUSTED = "tls.trusted.file";

    /** Whether clients present a certificate. */
    public enum Clients {
        /** They are not asked. */
        NONE,
        /** They may. */
        OPTIONAL,
        /** They must. */
        REQUIRED
    }

    /**
     * Loads the files.
     *
     * @throws IOException with a sentence that names the key and the file that cannot be used
     */
    public SslContext context() throws IOException {
        try {
            SslContextBuilder builder =
                    keystore == null ? fromPem() : SslContextBuilder.forServer(keys());
            builder.sslProvider(SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
            if (trusted != null) {
                if (isPkcs12(trusted)) {
                    builder.trustManager(trust());
                } else {
                    builder.trustManager(certificates(TRUSTED, trusted));
                }
            }
            builder.clientAuth(
                    switch (clients) {
                        case NONE -> ClientAuth.NONE;
                        case OPTIONAL -> ClientAuth.OPTIONAL;
                        case REQUIRED -> ClientAuth.REQUIRE;
                    });
            return builder.build();
        } catch (GeneralSecurityException wrong) {
            Path path = keystore == null ? certificate : keystore;
            throw new IOException(path + " cannot be used for TLS: " + wrong.getMessage(), wrong);
        }
    }

    /** The files that are in use. */
    List<Path> files() {
        return Stream.of(certificate, key, keystore, trusted).filter(Objects::nonNull).toList();
    }

    private static void mustBeThere(String setting, Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new IOException(setting + " names " + path + ", which does not exist");
        }
        if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
            throw new IOException(
                    setting + " names " + path + ", which is not a file that the node can read");
        }
    }

    private SslContextBuilder fromPem() throws IOException {
        certificates(CERTIFICATE, certificate);
        mustBeThere(KEY, key);
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile(), password);
        } catch (IllegalArgumentException wrong) {
            throw new IOException(
                    KEY
                            + " names "
                            + key
                            + ", which holds no PKCS 8 key in PEM that can be read "
                            + (password == null ? "without" : "with")
                            + " tls.password",
                    wrong);
        }
    }

    private static X509Certificate[] certificates(String setting, Path path) throws IOException {
        mustBeThere(setting, path);
        Collection<? extends Certificate> found = List.of();
        CertificateException reason = null;
        try (InputStream in = Files.newInputStream(path)) {
            found = CertificateFactory.getInstance("X.509").generateCertificates(in);
        } catch (CertificateException wrong) {
            reason = wrong;
        }
        if (found.isEmpty()) {
            throw new IOException(
                    setting + " names " + path + ", which holds no certificate in PEM", reason);
        }
        return found.toArray(new X509Certificate[0]);
    }

    private static boolean isPkcs12(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(".p12") || name.endsWith(".pfx");
    }

    private char[] secret() {
        return password == null ? new char[0] : password.toCharArray();
    }

    private KeyStore load(String setting, Path path) throws GeneralSecurityException, IOException {
        mustBeThere(setting, path);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(path)) {
            store.load(in, secret());
        } catch (IOException wrong) {
            String why =
                    wrong.getCause() instanceof UnrecoverableKeyException
                            ? ", which tls.password does not open"
                            : ", which is not a PKCS 12 file";
            throw new IOException(setting + " names " + path + why, wrong);
        }
        return store;
    }

    private KeyManagerFactory keys() throws GeneralSecurityException, IOException {
        KeyStore store = load(KEYSTORE, keystore);
        boolean withKey = false;
        for (String alias : Collections.list(store.aliases())) {
            withKey |= store.isKeyEntry(alias);
        }
        if (!withKey) {
            throw new IOException(KEYSTORE + " names " + keystore + ", which holds no key");
        }
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        try {
            factory.init(store, secret());
        } catch (UnrecoverableKeyException wrong) {
            throw new IOException(
                    KEYSTORE + " names " + keystore + ", whose key tls.password does not open",
                    wrong);
        }
        return factory;
    }

    private TrustManagerFactory trust() throws GeneralSecurityException, IOException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(load(TRUSTED, trusted));
        return factory;
    }
}
