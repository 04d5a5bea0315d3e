package io.silkstone.coordinator;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Leases of clients (RIFL, SOSP'15, section 4.3): as long as a client's lease lasts, the results of
 * its changes are kept. The expiry that is told to a client is the one that is in the log, so every
 * coordinator keeps the promise. Threads: changes one at a time; {@link #get} any.
 */
final class ClientLeases {
    /** A group of a message has no more. */
    static final int LEASES_MAX = 65_534;

    /**
     * A lease.
     *
     * @param boot drawn by the client that opened it
     * @param expiry it lasts at least until then, in milliseconds since 1970
     */
    record ClientLease(long id, long boot, long expiry) {}

    private final ConcurrentSkipListMap<Long, ClientLease> leases = new ConcurrentSkipListMap<>();
    private final Map<Long, Long> idsByBoot = new HashMap<>();
    private long leaseNext = 1;

    void clear() {
        leases.clear();
        idsByBoot.clear();
        leaseNext = 1;
    }

    /** The lease of {@code boot}, a new one if it has none; null when there are too many. */
    ClientLease open(long boot, long expiry) {
        Long known = idsByBoot.get(boot);
        if (known != null) {
            return extend(known, expiry);
        }
        if (idsByBoot.size() >= LEASES_MAX) {
            return null;
        }
        ClientLease lease = new ClientLease(leaseNext++, boot, expiry);
        put(lease);
        return lease;
    }

    void put(ClientLease lease) {
        leases.put(lease.id, lease);
        idsByBoot.put(lease.boot, lease.id);
    }

    /** Makes it last until {@code expiry} or longer; null when there is no such lease. */
    ClientLease extend(long id, long expiry) {
        return leases.computeIfPresent(
                id,
                (key, lease) -> new ClientLease(id, lease.boot, Math.max(lease.expiry, expiry)));
    }

    void end(long id) {
        ClientLease lease = leases.remove(id);
        if (lease != null) {
            idsByBoot.remove(lease.boot);
        }
    }

    /** Ends those that have lasted until {@code millis}; returns how many. */
    int endExpired(long millis) {
        int ended = 0;
        for (ClientLease lease : leases.values()) {
            if (lease.expiry <= millis) {
                end(lease.id);
                ended++;
            }
        }
        return ended;
    }

    /** The lease called {@code id}, or null. */
    ClientLease get(long id) {
        return leases.get(id);
    }

    /** Whether some have lasted until {@code millis}. */
    boolean areExpired(long millis) {
        return leases.values().stream().anyMatch(lease -> lease.expiry <= millis);
    }

    /** By their ids. */
    Collection<ClientLease> all() {
        return leases.values();
    }

    int size() {
        return leases.size();
    }

    long leaseNext() {
        return leaseNext;
    }

    void leaseNext(long next) {
        leaseNext = next;
    }
}
