package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;

import io.silkstone.api.threads.ThreadRuntime;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PullWindowTest {
    private static final long SELF = 7;

    private final List<Long> signalled = new ArrayList<>();
    private int size = 2;
    private Runnable whileAsleep = () -> {};

    private final ThreadRuntime threads =
            (ThreadRuntime)
                    Proxy.newProxyInstance(
                            PullWindowTest.class.getClassLoader(),
                            new Class<?>[] {ThreadRuntime.class},
                            (proxy, method, arguments) -> {
                                switch (method.getName()) {
                                    case "sleep" -> whileAsleep.run();
                                    case "signal" -> signalled.add((Long) arguments[0]);
                                    default -> {}
                                }
                                return method.getReturnType() == long.class ? SELF : null;
                            });

    private final PullWindow window = new PullWindow(threads, () -> size);
    private final PullWindow.Place place = window.place();
    private final PullWindow.Place other = window.place();

    @Test
    void tryEnter_upToItsSize() {
        assertThat(place.tryEnter()).isTrue();
        assertThat(other.tryEnter()).isTrue();
        assertThat(place.tryEnter()).isFalse();
        other.leave();
        assertThat(place.tryEnter()).isTrue();
    }

    @Test
    void tryEnter_whenItHasShrunk_onlyOnceFewerAreUnderWay() {
        place.tryEnter();
        other.tryEnter();
        size = 1;
        place.leave();
        assertThat(place.tryEnter()).isFalse();
        other.leave();
        assertThat(place.tryEnter()).isTrue();
    }

    @Test
    void enter_waitsUntilOneLeaves_whichWakesIt() {
        size = 1;
        other.enter();
        whileAsleep =
                () -> {
                    if (signalled.isEmpty()) {
                        other.leave();
                    }
                };
        place.enter();
        assertThat(signalled).containsExactly(SELF);
        assertThat(other.tryEnter()).isFalse();
    }

    @Test
    void enter_whenItHasGrown_goesOnWithoutBeingWoken() {
        size = 1;
        other.enter();
        whileAsleep = () -> size = 2;
        place.enter();
        assertThat(signalled).isEmpty();
    }
}
