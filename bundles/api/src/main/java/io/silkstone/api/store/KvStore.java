package io.silkstone.api.store;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The tables of a node. Threads: any; operations on objects go through a {@link KvSession}.
 *
 * <p>An object is a key of 0 to {@link #KEY_BYTES_MAX} bytes and a value of 0 to {@link
 * #valueBytesMax} bytes with a 64-bit version, an optional time of expiry and a type tag. Versions
 * of one key only ever grow, across removal and re-creation too. Writes to one key are
 * linearizable.
 */
@ProviderType
public interface KvStore {
    /** Longest key in bytes. */
    int KEY_BYTES_MAX = 65_535;

    /** Name of the table that Redis clients see as database 0; it always exists. */
    String DEFAULT_TABLE = "default";

    /**
     * Longest value in bytes, with a key of any length. It follows from how this store is set, and
     * stays as it is while the store is open.
     */
    int valueBytesMax();

    /**
     * Whether this is one server's part of a cluster's tables, so that it serves only what it was
     * given, and answers NOT_OWNER for the rest. It stays as it is while the store is open, and
     * says nothing of whether the cluster can be reached.
     */
    boolean isPart();

    /** A new session, to be used by one thread at a time and closed in the end. */
    KvSession openSession();

    /**
     * Creates a table of {@code tablets} equal hash ranges (1 to 16384, a power of two).
     *
     * @throws StoreRefused when the name is taken or not 1 to 255 characters of {@code
     *     [A-Za-z0-9._-]}
     */
    Table createTable(String name, int tablets) throws StoreRefused;

    /** The table called {@code name}, or null. */
    Table table(String name);

    /**
     * Drops the table called {@code name} and all its objects.
     *
     * @throws StoreRefused when there is none, or it is {@link #DEFAULT_TABLE}
     */
    void dropTable(String name) throws StoreRefused;

    /** Every table, by name. */
    List<Table> tables();

    /** Every tablet that this store serves, by table and first hash. */
    List<Tablet> tablets();

    /**
     * What tablets hold and how much they are used, of all servers that answer in about a second.
     * Looks at a sample of what is there, so ask for it now and then and not for every request.
     */
    default List<TabletLoad> loads() {
        return List.of();
    }

    /**
     * Cuts a tablet in two, so that {@code hash} is the first of the second. Tablets of {@link
     * #DEFAULT_TABLE} are cut at borders of hash slots only. Nothing happens when there is a cut
     * already.
     *
     * @throws StoreRefused when there is no such table, {@code hash} is not the border of a slot
     *     where it must be, or another server has it
     */
    void splitTablet(String table, long hash) throws StoreRefused;

    /** Memory now. */
    Usage usage();

    /** A table; a handle that stays valid until the table is dropped. */
    @ProviderType
    interface Table {
        /** Unique for ever, from 1. */
        int id();

        /** Its name. */
        String name();

        /** How many servers besides its own keep what is written to it; 0 for none. */
        default int replicas() {
            return 0;
        }

        /**
         * Objects in it, those that expired but are not yet removed included; likewise those of a
         * tablet that this server gave up, unless it was the last.
         */
        long objects();
    }

    /**
     * A range of a table's key hashes, unsigned, both ends included.
     *
     * @param table the table's name
     * @param firstHash lowest hash
     * @param lastHash highest hash
     * @param owner the server that serves it, {@code local} on a single node
     * @param state {@code normal}, or what is being done to it, such as {@code migrating from 2.1}
     *     or {@code recovering from logs 2.1, 3.1}
     * @param epoch grows with every change of owner
     */
    record Tablet(
            String table, long firstHash, long lastHash, String owner, String state, long epoch) {}

    /**
     * Memory in bytes.
     *
     * @param capacity memory for objects and hash tables, fixed at start
     * @param allocated taken from it by segments and hash tables
     * @param logLive entries in the log that are alive
     * @param logUsed segments' memory that is written or reserved
     * @param hashTables hash tables' memory
     * @param objects objects in all tables
     */
    record Usage(
            long capacity,
            long allocated,
            long logLive,
            long logUsed,
            long hashTables,
            long objects) {}
}
