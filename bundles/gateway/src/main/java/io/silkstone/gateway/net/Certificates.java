package io.silkstone.gateway.net;

import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * What a listener shows to new connections: the certificates and keys that are in the files now.
 * Certificates are renewed in place, every few weeks and by programs that know nothing of the node,
 * so the files are looked at now and then. They are taken when they have changed and then looked
 * the same twice, for certificate and key are seldom written in one step. Files that cannot be used
 * are reported once, and what was in use stays. Connections keep what they were made with.
 *
 * <p>Threads: any.
 */
public final class Certificates {
    private static final System.Logger LOG = System.getLogger(Certificates.class.getName());
    private static final long LOOK_MILLIS = 10_000;
    private static final Stamp GONE = new Stamp(-1, null, null);

    private final Tls files;
    private final Predicate<Runnable> elsewhere;
    private final AtomicBoolean looking = new AtomicBoolean();
    private volatile SslContext context;
    private volatile long lookedMillis;

    // Of whoever is looking.
    private List<Stamp> taken;
    private List<Stamp> changed;

    /** Changes when a file is written or another takes its place. */
    private record Stamp(long bytes, FileTime written, Object file) {
        static Stamp of(Path path) {
            try {
                BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
                return new Stamp(now.size(), now.lastModifiedTime(), now.fileKey());
            } catch (IOException gone) {
                return GONE;
            }
        }
    }

    /**
     * Loads the files.
     *
     * @param elsewhere runs a task that reads files, in a thread that may wait for them; false when
     *     there is none just now
     * @throws IOException as {@link Tls#context}
     */
    public Certificates(Tls files, Predicate<Runnable> elsewhere, long nowMillis)
            throws IOException {
        this.files = files;
        this.elsewhere = elsewhere;
        this.lookedMillis = nowMillis;
        taken = stamps();
        context = files.context();
    }

    /** For the next connection. */
    public SslContext now() {
        return context;
    }

    /** To be called about once a second; looks at the files when it is time to. */
    public void tick(long nowMillis) {
        long age = nowMillis - lookedMillis;
        boolean due = age >= LOOK_MILLIS || age < 0;
        if (due && looking.compareAndSet(false, true)) {
            lookedMillis = nowMillis;
            if (!elsewhere.test(this::look)) {
                looking.set(false);
            }
        }
    }

    private void look() {
        try {
            List<Stamp> seen = stamps();
            boolean settled = seen.equals(changed);
            changed = seen.equals(taken) || settled ? null : seen;
            if (settled) {
                taken = seen;
                context = files.context();
                LOG.log(System.Logger.Level.INFO, "New TLS certificates are in use");
            }
        } catch (IOException wrong) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The TLS files have changed, and the certificates from before stay in use: {0}",
                    wrong.getMessage());
        } finally {
            looking.set(false);
        }
    }

    private List<Stamp> stamps() {
        List<Stamp> stamps = new ArrayList<>();
        for (Path file : files.files()) {
            stamps.add(Stamp.of(file));
        }
        return stamps;
    }
}
