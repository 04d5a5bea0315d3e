package io.silkstone.simulation.cluster;

import io.silkstone.api.store.KvSession;
import io.silkstone.api.store.Status;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;

/** A server's session that counts which changes are asked for again, and changes nothing. */
final class WatchedSession implements InvocationHandler {
    private final World world;
    private final KvSession session;
    private final Set<Request> made = new HashSet<>();

    /** The change that comes next; null when it is not protected. */
    private Request next;

    private record Request(Object lease, Object number) {}

    private WatchedSession(World world, KvSession session) {
        this.world = world;
        this.session = session;
    }

    static KvSession of(World world, KvSession session) {
        return (KvSession)
                Proxy.newProxyInstance(
                        KvSession.class.getClassLoader(),
                        new Class<?>[] {KvSession.class},
                        new WatchedSession(world, session));
    }

    @Override
    public Object invoke(Object proxy, Method operation, Object[] arguments) throws Throwable {
        Object result;
        try {
            result = operation.invoke(session, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (operation.getName().equals("once")) {
            next = new Request(arguments[0], arguments[1]);
        } else if (next != null && result instanceof Status status) {
            ended(next, status);
            next = null;
        }
        return result;
    }

    private void ended(Request request, Status status) {
        if (status == Status.STALE_REQUEST) {
            world.count("retry whose result was forgotten");
        } else if (made.contains(request)) {
            world.count("retry answered from its result record");
        } else if (isRecorded(status)) {
            made.add(request);
        }
    }

    /** Others leave no record, and the change is made anew when it comes again. */
    private static boolean isRecorded(Status status) {
        return switch (status) {
            case OK, NOT_FOUND, EXISTS, WRONG_VERSION, OLD_VERSION, NOT_A_NUMBER, OVERFLOW -> true;
            default -> false;
        };
    }
}
