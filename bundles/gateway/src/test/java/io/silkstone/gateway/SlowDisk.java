package io.silkstone.gateway;

import io.silkstone.api.store.Key;
import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.KvStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** Makes a store of which nothing is settled before {@link #settle}. Each change has a mark. */
final class SlowDisk {
    private final AtomicLong newest = new AtomicLong();
    private final ConcurrentMap<Long, Long> marks = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Long> sums = new ConcurrentHashMap<>();
    private volatile long newestOfMany;
    private volatile long settled;

    KvStore under(KvStore store) {
        return (KvStore)
                Proxy.newProxyInstance(
                        KvStore.class.getClassLoader(),
                        new Class<?>[] {KvStore.class},
                        (proxy, method, arguments) -> {
                            Object result = call(store, method, arguments);
                            return result instanceof KvSession session ? under(session) : result;
                        });
    }

    private KvSession under(KvSession session) {
        return (KvSession)
                Proxy.newProxyInstance(
                        KvSession.class.getClassLoader(),
                        new Class<?>[] {KvSession.class},
                        new Session(session));
    }

    private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    /** How many changes there were. */
    long changes() {
        return newest.get();
    }

    /** Everything so far. */
    void settle() {
        settle(newest.get());
    }

    /** The first {@code changes}. */
    void settle(long changes) {
        settled = changes;
    }

    /** Whether the increment of {@code key} that led to {@code sum} is settled. */
    boolean isSettled(String key, long sum) {
        return sums.get(new Key().wrap(key.getBytes()).hash() + "=" + sum) <= settled;
    }

    private final class Session implements InvocationHandler {
        private final KvSession session;
        private long learned;

        Session(KvSession session) {
            this.session = session;
        }

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            switch (method.getName()) {
                case "unsettled" -> {
                    long mark = learned > settled ? learned : 0;
                    learned = 0;
                    return mark;
                }
                case "isSettled" -> {
                    return (long) arguments[0] <= settled;
                }
                default -> {}
            }
            Object result = call(session, method, arguments);
            switch (method.getName()) {
                case "write", "remove", "expire" -> changed((Key) arguments[1]);
                case "increment" -> {
                    changed((Key) arguments[1]);
                    sums.put(((Key) arguments[1]).hash() + "=" + session.number(), learned);
                }
                case "writeAll", "clear" -> {
                    learned = newest.incrementAndGet();
                    newestOfMany = learned;
                }
                case "scan", "random" -> learned = newest.get();
                case "read" -> saw((Key) arguments[1]);
                case "readAll" -> {
                    for (int i = 0; i < (int) arguments[2]; i++) {
                        saw(((Key[]) arguments[1])[i]);
                    }
                }
                default -> {}
            }
            return result;
        }

        private void changed(Key key) {
            learned = newest.incrementAndGet();
            marks.put(key.hash(), learned);
        }

        private void saw(Key key) {
            long seen = Math.max(newestOfMany, marks.getOrDefault(key.hash(), 0L));
            learned = Math.max(learned, seen);
        }
    }
}
