package io.silkstone.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.Hashtable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

class BelongingTest {
    private static ConfigurationAdmin holding(Object coordinators) {
        Hashtable<String, Object> properties = new Hashtable<>();
        if (coordinators != null) {
            properties.put("coordinators", coordinators);
        }
        Configuration cluster = as(Configuration.class, none -> properties);
        return as(ConfigurationAdmin.class, filter -> new Configuration[] {cluster});
    }

    /** What every method answers, by its first argument. */
    private interface Answer {
        Object to(Object argument) throws IOException;
    }

    private static <T> T as(Class<T> type, Answer answer) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) ->
                                answer.to(arguments == null ? null : arguments[0])));
    }

    @ParameterizedTest
    @CsvSource({
        "aeron:127.0.0.1:7700, true",
        "'aeron:a:1, aeron:b:2', true",
        "'', false",
        "' , ', false"
    })
    void node_withCoordinators_belongsToACluster(String coordinators, boolean belongs) {
        assertThat(Belonging.toACluster(holding(coordinators))).isEqualTo(belongs);
        String[] words = coordinators.split(",");
        assertThat(Belonging.toACluster(holding(words))).isEqualTo(belongs);
    }

    @Test
    void node_withoutTheConfigurationOrTheKey_belongsToNone() {
        assertThat(Belonging.toACluster(holding(null))).isFalse();
        assertThat(Belonging.toACluster(as(ConfigurationAdmin.class, filter -> null))).isFalse();
    }

    @Test
    void configuration_asked_isThatOfTheRpc() {
        ConfigurationAdmin admin =
                as(
                        ConfigurationAdmin.class,
                        filter -> {
                            assertThat(filter).isEqualTo("(service.pid=io.silkstone.rpc.cluster)");
                            throw new IOException("no disk");
                        });
        assertThatThrownBy(() -> Belonging.toACluster(admin))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("io.silkstone.rpc.cluster cannot be read")
                .hasMessageContaining("no disk");
    }
}
