package io.silkstone.gateway.command;

import io.silkstone.gateway.acl.AclUser;
import io.silkstone.gateway.resp.MemoryBudget;

/**
 * One client of the gateway, as commands see it. Belongs to the thread that serves the client; what
 * other threads may read or set is volatile.
 */
public final class Client {
    /** What reaches a client's connection from outside its own thread. */
    public interface Link {
        /** Closes the connection soon. Threads: any. */
        void kill();

        /** Where the client is. */
        String peer();

        /** Where it connected to. */
        String local();
    }

    /** Which replies the client wants. */
    enum Replies {
        ALL,
        NONE,
        SKIP_NEXT
    }

    private final long id;
    private final Link link;
    private final long createdMillis;
    final Transaction transaction;

    /** The user that the client acts as; null until it has authenticated itself. */
    volatile AclUser user;

    volatile String name = "";
    volatile String libraryName = "";
    volatile String libraryVersion = "";
    volatile boolean resp3;
    volatile boolean noEvict;
    volatile boolean noTouch;
    volatile boolean readonly;

    /**
     * Set with each request, and looked at by other threads that do not mind an old value. Not
     * volatile: a fence in each request would keep the processor from fetching the memory of the
     * next ones meanwhile, which is what batches are for.
     */
    Command lastCommand;

    /** As {@link #lastCommand}, set with each batch. */
    long lastMillis;

    /** How often it gave a wrong password. */
    int failedLogins;

    boolean asking;
    boolean closing;
    Replies replies = Replies.ALL;

    /**
     * A client that just connected.
     *
     * @param user whom it acts as from the start, or null
     * @param memory pays for its transactions
     */
    public Client(long id, Link link, AclUser user, long nowMillis, MemoryBudget memory) {
        this.id = id;
        this.transaction = new Transaction(memory);
        this.link = link;
        this.user = user;
        this.createdMillis = nowMillis;
        this.lastMillis = nowMillis;
    }

    /** Its number, unique in the gateway's life. */
    public long id() {
        return id;
    }

    /** Its connection. */
    public Link link() {
        return link;
    }

    /** When it connected. */
    public long createdMillis() {
        return createdMillis;
    }

    /** When it last sent something. */
    public long lastMillis() {
        return lastMillis;
    }

    /** Whether it was told that the connection ends after the replies so far. */
    public boolean closing() {
        return closing;
    }

    /** It sent something. */
    public void seen(long nowMillis) {
        lastMillis = nowMillis;
    }

    /** It is gone, and nothing of it runs any more. */
    public void gone() {
        transaction.clear();
        transaction.unwatch();
    }

    boolean trusted() {
        return user != null;
    }
}
