package io.silkstone.shell.scopes;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.ObjectView;
import io.silkstone.api.store.ObjectVisitor;
import io.silkstone.api.store.ReadVisitor;
import io.silkstone.api.store.Status;
import io.silkstone.api.store.StoreRefused;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.api.store.WriteBatch;
import io.silkstone.api.store.WriteOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tables as maps, with the contract's rules for batches. */
public final class FakeStore implements KvStore {
    public final List<Tablet> tablets = new ArrayList<>();
    public final List<TabletLoad> loads = new ArrayList<>();
    public final List<String> splits = new ArrayList<>();
    public final Map<String, FakeTable> tables = new LinkedHashMap<>();
    public Status refusal = Status.OK;
    public int sessionsOpen;

    public FakeStore() {
        tables.put(DEFAULT_TABLE, new FakeTable(1, DEFAULT_TABLE));
        tablets.add(new Tablet(DEFAULT_TABLE, 0, -1, "local", "normal", 1));
    }

    public static final class FakeTable implements Table {
        private final int id;
        private final String name;
        final Map<ByteBuffer, FakeObject> objects = new TreeMap<>();

        FakeTable(int id, String name) {
            this.id = id;
            this.name = name;
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long objects() {
            return objects.size();
        }
    }

    @Override
    public boolean isPart() {
        return false;
    }

    @Override
    public int valueBytesMax() {
        return 1_000_000;
    }

    record FakeObject(byte[] key, byte[] value, long version, long expiryMillis)
            implements ObjectView {
        @Override
        public MemorySegment memory() {
            byte[] both = new byte[key.length + value.length];
            System.arraycopy(key, 0, both, 0, key.length);
            System.arraycopy(value, 0, both, key.length, value.length);
            return MemorySegment.ofArray(both);
        }

        @Override
        public long keyOffset() {
            return 0;
        }

        @Override
        public int keyLength() {
            return key.length;
        }

        @Override
        public long valueOffset() {
            return key.length;
        }

        @Override
        public int valueLength() {
            return value.length;
        }

        @Override
        public long keyHash() {
            return new Key().wrap(key).hash();
        }

        @Override
        public int type() {
            return 0;
        }
    }

    @Override
    public KvSession openSession() {
        sessionsOpen++;
        return new FakeSession();
    }

    @Override
    public Table createTable(String name, int count) throws StoreRefused {
        if (tables.containsKey(name)) {
            throw new StoreRefused("There is a table " + name + " already.");
        }
        FakeTable table = new FakeTable(tables.size() + 1, name);
        tables.put(name, table);
        for (int index = 0; index < count; index++) {
            tablets.add(new Tablet(name, index, index, "local", "normal", 1));
        }
        return table;
    }

    @Override
    public Table table(String name) {
        return tables.get(name);
    }

    @Override
    public void dropTable(String name) throws StoreRefused {
        if (tables.remove(name) == null) {
            throw new StoreRefused("There is no table " + name + ".");
        }
    }

    @Override
    public List<Table> tables() {
        return List.copyOf(tables.values());
    }

    @Override
    public List<Tablet> tablets() {
        return tablets;
    }

    @Override
    public List<TabletLoad> loads() {
        return loads;
    }

    @Override
    public void splitTablet(String table, long hash) {
        splits.add(table + ' ' + Long.toHexString(hash));
    }

    @Override
    public Usage usage() {
        return new Usage(1 << 30, 64 << 20, 1 << 20, 2 << 20, 1 << 16, 3);
    }

    private final class FakeSession implements KvSession {
        private boolean entered;
        private FakeObject object;
        private long version;

        private Map<ByteBuffer, FakeObject> objects(Table table) {
            if (!entered) {
                throw new IllegalStateException("not in a batch");
            }
            return ((FakeTable) table).objects;
        }

        private static byte[] bytes(MemorySegment memory, long offset, long length) {
            return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        }

        private static byte[] bytes(Key key) {
            return bytes(key.memory(), key.offset(), key.length());
        }

        @Override
        public void enter() {
            entered = true;
        }

        @Override
        public void once(long lease, long request, long firstUnanswered, long epoch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void exit() {
            entered = false;
        }

        @Override
        public boolean entered() {
            return entered;
        }

        @Override
        public Status read(Table table, Key key) {
            object = objects(table).get(ByteBuffer.wrap(bytes(key)));
            return object == null ? Status.NOT_FOUND : refusal;
        }

        @Override
        public Status write(
                Table table,
                Key key,
                MemorySegment value,
                long offset,
                int length,
                WriteOptions options) {
            ByteBuffer name = ByteBuffer.wrap(bytes(key));
            if (refusal != Status.OK) {
                return refusal;
            }
            if (options.rejectsExisting() && objects(table).containsKey(name)) {
                return Status.EXISTS;
            }
            FakeObject before = objects(table).get(name);
            version = before == null ? 1 : before.version() + 1;
            objects(table)
                    .put(
                            name,
                            new FakeObject(
                                    name.array(),
                                    bytes(value, offset, length),
                                    version,
                                    options.expiryMillis()));
            return Status.OK;
        }

        @Override
        public Status remove(Table table, Key key, WriteOptions options) {
            FakeObject removed = objects(table).remove(ByteBuffer.wrap(bytes(key)));
            version = removed == null ? 0 : removed.version();
            return removed == null ? Status.NOT_FOUND : Status.OK;
        }

        @Override
        public long scan(Table table, long cursor, int count, ObjectVisitor visitor) {
            List<FakeObject> all = List.copyOf(objects(table).values());
            int end = (int) Math.min(all.size(), cursor + count);
            all.subList((int) cursor, end).forEach(visitor::visit);
            return end == all.size() ? 0 : end;
        }

        @Override
        public ObjectView object() {
            return object;
        }

        @Override
        public long version() {
            return version;
        }

        @Override
        public void close() {
            sessionsOpen--;
        }

        @Override
        public void prefetch(Table table, Key[] keys, int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void readAll(Table table, Key[] keys, int count, ReadVisitor visitor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status writeAll(Table table, WriteBatch batch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status increment(Table table, Key key, long delta, WriteOptions options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status expire(Table table, Key key, WriteOptions options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status random(Table table) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status clear(Table table) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Status lockTablet(Table table, long keyHash) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void unlockTablet() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean hadPrevious() {
            return false;
        }

        @Override
        public long number() {
            return 0;
        }
    }
}
