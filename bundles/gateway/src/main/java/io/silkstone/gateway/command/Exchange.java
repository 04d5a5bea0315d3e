package io.silkstone.gateway.command;

import io.netty.buffer.ByteBufAllocator;
import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import io.silkstone.gateway.cluster.Routes;
import io.silkstone.gateway.resp.Decimal;
import io.silkstone.gateway.resp.Memory;
import io.silkstone.gateway.resp.ReplyWriter;
import io.silkstone.gateway.resp.Request;
import io.silkstone.gateway.resp.Words;

/**
 * What a command works with: the request's arguments, the client, a session with the store, and the
 * place for the reply. Each event loop has one and uses it for all its requests; long requests get
 * one of their own in a user thread. Not thread-safe, and nothing in it allocates on the way of an
 * ordinary request.
 */
public final class Exchange implements AutoCloseable {
    static final String SYNTAX = "ERR syntax error";
    static final String NOT_AN_INTEGER = "ERR value is not an integer or out of range";
    static final String WRONG_TYPE =
            "WRONGTYPE Operation against a key holding the wrong kind of value";
    static final String NO_SUCH_KEY = "ERR no such key";
    static final String TRY_AGAIN =
            "TRYAGAIN The key is busy; the same request succeeds in a moment";
    static final String UNKNOWN = "ERR no answer in time; the command may have been run or not";
    static final String CROSS_SLOT =
            "CROSSSLOT Keys in request don't lie in the same tablet; give them the same {tag}";

    /** As Redis says it. */
    static final String CROSS_SLOT_IN_CLUSTER =
            "CROSSSLOT Keys in request don't hash to the same slot";

    private static final int STEPS_BETWEEN_BREATHS = 256;

    /** Others wait for a transaction: some milliseconds of work, beside its reads and writes. */
    private static final long LOCKED_STEPS_MAX = 4 << 20;

    final ServerContext server;
    final KvSession session;
    final KvStore.Table table;
    final ReplyWriter out;
    final WriteOptions options = new WriteOptions();
    final WriteBatch batch = new WriteBatch();
    final Scratch scratch;

    /** Replies whose number is not known before they are all there. */
    final Collector collected;

    final Packed packed = new Packed();

    final RequestRunner runner;

    /** What was made under the node's lease and is not told yet. */
    final Untold untold;

    private final boolean detached;
    private final boolean remote;
    private final Key otherKey = new Key();
    Client client;
    private Request<Command> request;
    private Routes routes;
    private boolean locked;
    private KvStore.Tablet lockedTablet;
    private boolean keysLocked;
    private boolean refusedForNow;
    private boolean changesHands;
    private long nowMillis;
    private boolean memoryAsked;
    private boolean overMemoryLimit;
    private long parsed;
    private long workLeft;
    private int steps;

    /**
     * With a session and a writer of its own.
     *
     * @param detached whether it belongs to a user thread that may take its time
     */
    Exchange(ServerContext server, boolean detached) {
        this(server, detached, server.store, server.table, false);
    }

    /** In a user thread, on the tables of the whole cluster, which are in other processes. */
    static Exchange across(ServerContext server, KvStore cluster) {
        KvStore.Table table = cluster.table(KvStore.DEFAULT_TABLE);
        return table == null ? null : new Exchange(server, true, cluster, table, true);
    }

    private Exchange(
            ServerContext server,
            boolean detached,
            KvStore store,
            KvStore.Table table,
            boolean remote) {
        this.server = server;
        this.detached = detached;
        this.remote = remote;
        this.session = store.openSession();
        this.table = table;
        this.scratch = new Scratch(server.memory);
        this.collected = new Collector(server.memory);
        // What other processes answer is waited for before any of it leaves.
        this.out =
                remote
                        ? new ReplyWriter(ByteBufAllocator.DEFAULT)
                        : new ReplyWriter(ByteBufAllocator.DEFAULT, session::unsettled);
        this.runner = new RequestRunner(server);
        this.untold = new Untold(this);
    }

    /** The next request. */
    void next(Client nextClient, Request<Command> nextRequest) {
        client = nextClient;
        request = nextRequest;
        settled();
    }

    /**
     * Forgets the time and the memory's use, which are asked for once when they are needed, and
     * learns of a change of the cluster's map.
     */
    void newBatch() {
        nowMillis = 0;
        memoryAsked = false;
        routes = server.routes();
        untold.forget();
    }

    /** Where keys are, the same for a whole batch; null while the node belongs to no cluster. */
    Routes routes() {
        return routes;
    }

    /** Whether what it works on is in other processes. */
    boolean remote() {
        return remote;
    }

    Request<Command> request() {
        return request;
    }

    /** Milliseconds since 1970, the same for a whole batch. */
    long nowMillis() {
        if (nowMillis == 0) {
            nowMillis = server.clock.millis();
        }
        return nowMillis;
    }

    /** Whether the store holds more than clients set it to hold, the same for a whole batch. */
    boolean overMemoryLimit() {
        long limitBytes = server.settings.memoryLimitBytes();
        if (limitBytes == 0) {
            return false;
        }
        if (!memoryAsked) {
            overMemoryLimit = server.store.usage().allocated() > limitBytes;
            memoryAsked = true;
        }
        return overMemoryLimit;
    }

    boolean detached() {
        return detached;
    }

    /**
     * To be called between the steps of a long loop. In a user thread it now and then lets memory
     * go and other threads run, unless the loop is part of a transaction.
     */
    void breathe() {
        if (++steps % STEPS_BETWEEN_BREATHS == 0) {
            breatheNow();
        }
    }

    /** As {@link #breathe}, between longer steps. */
    void breatheNow() {
        if (detached && !locked) {
            session.exit();
            server.threads.yield();
            session.enter();
        }
    }

    /**
     * Before slow work that needs nothing of the store: lets memory go. {@link #comeBack} ends it.
     * On an event loop neither does anything, for nothing slow runs there, nor in a transaction,
     * which must not let go of its tablet.
     */
    void goAway() {
        if (detached && !locked) {
            session.exit();
        }
    }

    /** Ends what {@link #goAway} began. */
    void comeBack() {
        if (detached && !locked) {
            session.enter();
        }
    }

    // ---- arguments ----

    int count() {
        return request.count();
    }

    long address(int index) {
        return request.address(index);
    }

    int length(int index) {
        return request.length(index);
    }

    /** The argument as text, a character a byte. */
    String text(int index) {
        return Memory.text(address(index), length(index));
    }

    byte[] bytes(int index) {
        return Memory.bytes(address(index), length(index));
    }

    /** The argument as a folded word; see {@link Words}. 0 when it is empty or too long for one. */
    long word(int index) {
        int length = length(index);
        return length > Long.BYTES ? 0 : Words.fold(address(index), length);
    }

    /** Whether the argument is {@code name}, in any case. */
    boolean is(int index, String name) {
        return length(index) == name.length() && text(index).equalsIgnoreCase(name);
    }

    /** The request's key. */
    Key key() {
        return request.key();
    }

    /** The argument as a key; valid until the next call. */
    Key key(int index) {
        return index == request.command().firstKey()
                ? request.key()
                : otherKey.wrap(Memory.ALL, address(index), length(index));
    }

    /** Whether the argument is a whole number, which is {@link #parsed} then. */
    boolean isLong(int index) {
        if (!Decimal.isLong(address(index), length(index))) {
            return false;
        }
        parsed = Decimal.parse(address(index), length(index));
        return true;
    }

    /** As {@link #isLong}; where it is not, the reply is an error. */
    boolean parseLong(int index) {
        if (isLong(index)) {
            return true;
        }
        out.error(NOT_AN_INTEGER);
        return false;
    }

    long parsed() {
        return parsed;
    }

    // ---- the store ----

    /**
     * Reads the plain value under {@code key}.
     *
     * @return OK or NOT_FOUND; null when the reply is an error already
     */
    Status readString(Key key) {
        Status status = read(key);
        if (status == Status.OK && session.object().type() != 0) {
            out.error(WRONG_TYPE);
            return null;
        }
        return foundOrNot(status);
    }

    /** Reads what is under {@code key}, of any type; otherwise as {@link #readString}. */
    Status readAny(Key key) {
        return foundOrNot(read(key));
    }

    /** Reads what is under {@code key}, and counts whether a reading command found something. */
    Status read(Key key) {
        Status status = session.read(table, key);
        if (request.command().readsOnly()) {
            runner.countLookup(status);
        }
        return status;
    }

    /**
     * Reads what is under all arguments, which are keys of other nodes, in one go; the visitor must
     * not mind in which order it sees them.
     */
    void readAll(ReadVisitor visitor) {
        Key[] keys = new Key[count() - 1];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = new Key().wrap(Memory.ALL, address(i + 1), length(i + 1));
        }
        session.readAll(table, keys, keys.length, visitor);
    }

    private Status foundOrNot(Status status) {
        if (status == Status.OK || status == Status.NOT_FOUND) {
            return status;
        }
        refuse(status);
        return null;
    }

    ObjectView object() {
        return session.object();
    }

    /** Fresh options of a write that succeeds only if nobody came between. */
    WriteOptions unchanged(Status seen, long version) {
        options.reset();
        return seen == Status.OK ? options.requireVersion(version) : options.rejectIfExists();
    }

    /** Whether a conditional write met another version than was read, so that it is tried again. */
    static boolean raced(Status status) {
        return status == Status.WRONG_VERSION
                || status == Status.EXISTS
                || status == Status.NOT_FOUND;
    }

    /** Writes the error that {@code status} stands for. */
    void refuse(Status status) {
        refuse(status, request.key().hash());
    }

    /**
     * As the other, in place of a reply that was begun when {@link ReplyWriter#written} was {@code
     * mark}. Where the client has a part of it already, the connection ends.
     */
    void refuseInstead(long mark, Status status) {
        if (out.rewind(mark)) {
            refuse(status);
        } else {
            out.abandon();
        }
    }

    /** As {@link #refuse(Status)}, of a request whose first key has the hash {@code hash}. */
    void refuse(Status status, long hash) {
        refusedForNow |= status == Status.RETRY_LATER;
        if (status == Status.NOT_OWNER) {
            out.error(elsewhere(hash));
            return;
        }
        out.error(
                switch (status) {
                    case TOO_LARGE -> Errors.tooLarge(server.valueBytesMax());
                    case OUT_OF_MEMORY ->
                            "OOM command not allowed when used memory > 'maxmemory'; remove objects"
                                    + " or give the node more";
                    case NOT_A_NUMBER -> NOT_AN_INTEGER;
                    case OVERFLOW -> "ERR increment or decrement would overflow";
                    case SEVERAL_TABLETS -> routes == null ? CROSS_SLOT : CROSS_SLOT_IN_CLUSTER;
                    case NO_SUCH_TABLE -> "CLUSTERDOWN The table was dropped";
                    case UNAVAILABLE ->
                            "CLUSTERDOWN the server that has the key does not answer; nothing was"
                                    + " done";
                    case DISK_FAILED ->
                            "MISCONF the disk that the log is kept on is full or fails; nothing was"
                                    + " changed, and reads go on";
                    case UNKNOWN -> UNKNOWN;
                    default -> TRY_AGAIN;
                });
    }

    /** The store has not got a key: somebody else has it, or it is on its way here or from here. */
    private String elsewhere(long hash) {
        Routes newest = server.routes();
        if (newest == null) {
            return "CLUSTERDOWN Hash slot not served";
        }
        String refusal = newest.refusal(hash);
        // Of a request with several keys a part may be done.
        changesHands |= refusal == null && !request.command().mayHaveSeveralKeys();
        return refusal == null
                ? "TRYAGAIN The hash slot is changing hands; try again in a moment"
                : refusal;
    }

    /**
     * Whether keys of a request that changes several are still to come from another node; the reply
     * is an error then. To be asked before: one that has changed a part cannot begin anew. They
     * have one slot, and so one tablet.
     */
    boolean lacksKeys() {
        Command command = request.command();
        int first = command.firstKey();
        boolean mayLack =
                routes != null
                        && !locked
                        && first > 0
                        && command.mayHaveSeveralKeys()
                        && !command.readsOnly()
                        && routes.isComing(request.key().hash());
        boolean lacks = false;
        // All of them are asked for at once.
        int last = mayLack ? Math.min(command.lastKey(count()), count() - 1) : 0;
        for (int i = first; mayLack && i <= last; i += command.keyStep()) {
            lacks |= session.read(table, key(i)) == Status.RETRY_LATER;
        }
        if (lacks) {
            refuse(Status.RETRY_LATER);
        }
        return lacks;
    }

    /** Whether all keys of the request, which has some, hash to {@code slot}. */
    boolean areKeysIn(int slot) {
        Command command = request.command();
        int last = Math.min(command.lastKey(count()), count() - 1);
        for (int i = command.firstKey() + command.keyStep(); i <= last; i += command.keyStep()) {
            if (key(i).slot() != slot) {
                return false;
            }
        }
        int stray = command.strayKey(request, 0);
        return stray == 0 || key(stray).slot() == slot;
    }

    /**
     * Locks the tablet of the request's keys, so that what follows is one step for everybody else.
     * Within a transaction that is the case already.
     *
     * @return false when the keys lie in several tablets or the lock was not had; the reply is an
     *     error then
     */
    boolean lockKeys() {
        if (locked) {
            return true;
        }
        Command command = request.command();
        int first = command.firstKey();
        long hash = key(first).hash();
        int last = command.lastKey(count());
        Status status = session.lockTablet(table, hash);
        if (status != Status.OK) {
            refuse(status);
            return false;
        }
        keysLocked = true;
        lockedTablet = null;
        boolean together = true;
        for (int i = first + command.keyStep(); i <= last && together; i += command.keyStep()) {
            together = isInTabletOf(hash, key(i).hash());
        }
        int stray = command.strayKey(request, 0);
        if (stray > 0 && together) {
            together = isInTabletOf(hash, key(stray).hash());
        }
        if (!together) {
            unlockKeys();
            out.error(CROSS_SLOT);
        }
        return together;
    }

    private boolean isInTabletOf(long hash, long other) {
        if (Key.slot(other) == Key.slot(hash)) {
            return true;
        }
        // The tablet cannot be cut or go away while it is locked.
        if (lockedTablet == null) {
            lockedTablet = server.tabletOf(hash);
        }
        return ServerContext.covers(lockedTablet, other);
    }

    /** Undoes {@link #lockKeys}; nothing where that did nothing. */
    void unlockKeys() {
        if (keysLocked) {
            keysLocked = false;
            session.unlockTablet();
        }
    }

    /** Whether a transaction keeps everybody else from its tablet. */
    boolean locked() {
        return locked;
    }

    /** Locks the tablet of a transaction; nested {@link #lockKeys} do nothing until it ends. */
    Status lockTransaction(long hash) {
        Status status = session.lockTablet(table, hash);
        locked = status == Status.OK;
        workLeft = LOCKED_STEPS_MAX;
        return status;
    }

    /**
     * To be asked before work of {@code steps} steps of about a nanosecond. In a transaction, which
     * keeps all others from its tablet, there may be only so many of them.
     *
     * @return false when they are too many; the reply is an error then
     */
    boolean mayWork(long steps) {
        if (!locked) {
            return true;
        }
        if (steps > workLeft) {
            out.error("ERR this takes too long for a transaction with keys; run it by itself");
            return false;
        }
        workLeft -= steps;
        return true;
    }

    /** Whether it keeps others out of a tablet, which it must not let go of. */
    boolean isLocked() {
        return locked;
    }

    void unlockTransaction() {
        locked = false;
        session.unlockTablet();
    }

    /**
     * Leaves the batch and begins another if the last command met RETRY_LATER, so that it can be
     * run once more: a batch that has shown objects keeps the store from giving their memory to a
     * write, and a new one does not.
     */
    boolean retries() {
        boolean retries = refusedForNow && !locked;
        refusedForNow = false;
        if (retries) {
            session.exit();
            session.enter();
        }
        return retries;
    }

    /**
     * Whether the last command met what passes in a moment, such as a key that is on its way here
     * from another server: a user thread may wait for that. Not in a transaction, which keeps all
     * others from its tablet.
     */
    boolean waits() {
        return (refusedForNow || changesHands) && !locked && routes != null;
    }

    /** Lets memory go and others run for so long, and learns of a change of the map. */
    void pause(long nanos) {
        session.exit();
        server.threads.sleep(nanos);
        session.enter();
        routes = server.routes();
        refusedForNow = false;
        changesHands = false;
    }

    /** The command's answer stands: running it once more would be wrong. */
    void settled() {
        refusedForNow = false;
        changesHands = false;
    }

    /** Ends the session and gives all buffers back. */
    @Override
    public void close() {
        session.close();
        runner.close();
        out.close();
        scratch.close();
        collected.close();
    }
}
