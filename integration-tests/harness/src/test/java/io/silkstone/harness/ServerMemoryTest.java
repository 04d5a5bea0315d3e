package io.silkstone.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ServerMemoryTest {
    @Test
    void heapUsed_ofTheSerialCollector_addsTheGenerations() throws Exception {
        String info =
                """
                4711:
                DefNew     total 78656K, used 1000K [0x0, 0x1, 0x2)
                 Tenured    total 174784K, used 2000K [0x0, 0x1, 0x2)
                 Metaspace       used 9000K, committed 9216K, reserved 1114112K
                  class space    used 800K, committed 960K, reserved 1048576K
                """;
        assertThat(ServerMemory.heapUsed(info)).isEqualTo(3_000L << 10);
    }

    @Test
    void heapUsed_ofOneRegionedHeap_isItsOwn() throws Exception {
        String info = " garbage-first heap   total 256M, used 2048K [0x0, 0x1)\n Metaspace used 5K";
        assertThat(ServerMemory.heapUsed(info)).isEqualTo(2L << 20);
    }

    @Test
    void instances_ofAClass_areCounted() {
        String histogram =
                """
                 num     #instances         #bytes  class name (module)
                   1:          5000         400000  [B (java.base@25)
                   2:            42           4000  org.felix.BundleWiringImpl$BundleClassLoader
                """;
        assertThat(ServerMemory.instances(histogram, "BundleWiringImpl$BundleClassLoader"))
                .isEqualTo(42);
        assertThat(ServerMemory.instances(histogram, "NoSuchClass")).isZero();
    }

    @Test
    void heapUsed_ofAnythingElse_isRefused() {
        assertThatThrownBy(() -> ServerMemory.heapUsed("no such process"))
                .isInstanceOf(IOException.class);
    }
}
