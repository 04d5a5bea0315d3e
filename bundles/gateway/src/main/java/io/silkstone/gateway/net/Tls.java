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
     * @throws IOException naming the file that cannot be used
     */
    public SslContext context() throws IOException {
        Path inUse = keystore == null ? certificate : keystore;
        try {
            SslContextBuilder builder =
                    keystore == null
                            ? SslContextBuilder.forServer(
                                    certificate.toFile(), key.toFile(), password)
                            : SslContextBuilder.forServer(keys());
            builder.sslProvider(SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
            if (trusted != null) {
                inUse = trusted;
                if (isPkcs12(trusted)) {
                    builder.trustManager(trust());
                } else {
                    builder.trustManager(trusted.toFile());
                }
            }
            builder.clientAuth(
                    switch (clients) {
                        case NONE -> ClientAuth.NONE;
                        case OPTIONAL -> ClientAuth.OPTIONAL;
                        case REQUIRED -> ClientAuth.REQUIRE;
                    });
            return builder.build();
        } catch (GeneralSecurityException | IllegalArgumentException wrong) {
            throw new IOException(inUse + " cannot be used for TLS: " + wrong.getMessage(), wrong);
        }
    }

    private static boolean isPkcs12(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(".p12") || name.endsWith(".pfx");
    }

    private char[] secret() {
        return password == null ? new char[0] : password.toCharArray();
    }

    private KeyStore load(Path path) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(path)) {
            store.load(in, secret());
        }
        return store;
    }

    private KeyManagerFactory keys() throws GeneralSecurityException, IOException {
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(load(keystore), secret());
        return factory;
    }

    private TrustManagerFactory trust() throws GeneralSecurityException, IOException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(load(trusted));
        return factory;
    }
}
