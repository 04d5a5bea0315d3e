package io.silkstone.shell.client;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Tells when the window changes its size. The kernel says so with a signal; the JDK lets a program
 * hear it only through {@code sun.misc.Signal}, which the compiler warns of and which is therefore
 * reached by name. On a JDK without it the window keeps the size that it had in the beginning.
 */
final class WindowSignal {
    private static final String NAME = "WINCH";
    private static final String PACKAGE = "sun.misc.";

    private WindowSignal() {}

    /** Runs {@code listener} at each change, in a thread of the JDK. */
    static void onChange(Runnable listener) {
        try {
            Class<?> signal = Class.forName(PACKAGE.concat("Signal"));
            Class<?> handler = Class.forName(PACKAGE.concat("SignalHandler"));
            Object proxy =
                    Proxy.newProxyInstance(
                            handler.getClassLoader(),
                            new Class<?>[] {handler},
                            new Listener(listener));
            Object window = signal.getConstructor(String.class).newInstance(NAME);
            signal.getMethod("handle", signal, handler).invoke(null, window, proxy);
        } catch (ReflectiveOperationException _) {
            // No such JDK: see above.
        }
    }

    private record Listener(Runnable listener) implements InvocationHandler {
        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            return switch (method.getName()) {
                case "handle" -> {
                    listener.run();
                    yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> NAME;
            };
        }
    }
}
