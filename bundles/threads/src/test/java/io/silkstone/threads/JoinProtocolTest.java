package io.silkstone.threads;

import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.api.threads.ThreadTask;
import java.lang.reflect.Proxy;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Model-checks joining a thread whose context ended another one just before: the finisher of the
 * first may take the joiner of the second, which then must queue again (trap (a) of the prototype).
 */
public class JoinProtocolTest {
    private static final ThreadTask NOTHING = (a, b) -> {};

    private final Context context = new Context(1);
    private final long second;
    private volatile boolean asleep;
    private volatile boolean woken;
    private volatile boolean returnedEarly;
    private final ThreadRuntime runtime =
            (ThreadRuntime)
                    Proxy.newProxyInstance(
                            JoinProtocolTest.class.getClassLoader(),
                            new Class<?>[] {ThreadRuntime.class},
                            (proxy, method, arguments) ->
                                    switch (method.getName()) {
                                        case "self" -> 1L;
                                        case "block" -> block();
                                        case "signal" -> signal();
                                        case "hashCode" -> 1;
                                        case "equals" -> proxy == arguments[0];
                                        default -> null;
                                    });

    private static final class Asleep extends RuntimeException {
        private static final long serialVersionUID = 1;

        Asleep() {
            super("asleep", null, false, false);
        }
    }

    public JoinProtocolTest() {
        second = context.publish(0, NOTHING, 0, 0) + (1 << 14);
    }

    private Object block() {
        if (!woken) {
            asleep = true;
            throw new Asleep();
        }
        woken = false;
        return null;
    }

    private Object signal() {
        woken = true;
        return null;
    }

    @Operation(runOnce = true)
    public void join() {
        try {
            boolean hadBegun = context.holds(second);
            context.join(second, runtime);
            returnedEarly = hadBegun && context.holds(second);
        } catch (Asleep stays) {
            return;
        }
    }

    @Operation(runOnce = true)
    public void endBoth() {
        context.end();
        context.publish(0, NOTHING, 0, 0);
        context.end();
    }

    @Validate
    public void joinEndsWithTheThread() {
        if (returnedEarly) {
            throw new IllegalStateException("joined a thread that had not ended");
        }
        if (asleep && !woken && context.holds(second + (1 << 14))) {
            throw new IllegalStateException("the joiner sleeps for ever");
        }
    }

    @Test
    void joinAndTwoEnds_anyInterleaving_losesNoJoiner() {
        new ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(1)
                .actorsBefore(0)
                .actorsAfter(0)
                .iterations(3)
                .invocationsPerIteration(1_000)
                .check(getClass());
    }
}
