package io.silkstone.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.util.function.BiFunction;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What an edit is checked against before the gateway hears of it: the same bounds as its own. */
class GatewayComponentTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "port",
                "tls.port",
                "password.iterations",
                "clients.max",
                "output.limit.bytes",
                "request.limit.bytes",
                "idle.timeout.s",
                "replies.settle.max.ms",
                "backlog"
            })
    void bounds_areThoseOfTheOptions(String key) throws Exception {
        Element rule = rule(key);
        BiFunction<GatewayOptions.Builder, Long, GatewayOptions.Builder> set = setter(key);
        long lowest = Long.parseLong(rule.getAttribute("min"));
        long highest =
                rule.hasAttribute("max")
                        ? Long.parseLong(rule.getAttribute("max"))
                        : Integer.MAX_VALUE;
        assertThatCode(() -> set.apply(options(), lowest).build()).doesNotThrowAnyException();
        assertThatCode(() -> set.apply(options(), highest).build()).doesNotThrowAnyException();
        assertThatThrownBy(() -> set.apply(options(), lowest - 1).build())
                .hasMessageStartingWith(key + " must be between");
        if (highest < Integer.MAX_VALUE) {
            assertThatThrownBy(() -> set.apply(options(), highest + 1).build())
                    .hasMessageStartingWith(key + " must be between");
        }
    }

    private static GatewayOptions.Builder options() {
        return GatewayOptions.builder().tls(0, TlsTest.anyFiles());
    }

    private static BiFunction<GatewayOptions.Builder, Long, GatewayOptions.Builder> setter(
            String key) {
        return switch (key) {
            case "port" -> (options, value) -> options.port(value.intValue());
            case "tls.port" -> (options, v) -> options.tls(v.intValue(), TlsTest.anyFiles());
            case "password.iterations" -> (options, v) -> options.passwordIterations(v.intValue());
            case "clients.max" -> (options, v) -> options.clientsMax(v.intValue());
            case "output.limit.bytes" -> GatewayOptions.Builder::outputLimitBytes;
            case "request.limit.bytes" -> GatewayOptions.Builder::requestLimitBytes;
            case "idle.timeout.s" -> (options, v) -> options.idleTimeoutSeconds(v.intValue());
            case "replies.settle.max.ms" ->
                    (options, v) -> options.repliesSettleMillisMax(v.intValue());
            case "backlog" -> (options, value) -> options.backlog(value.intValue());
            default -> throw new AssertionError(key);
        };
    }

    private static Element rule(String key) throws Exception {
        String file = "/OSGI-INF/metatype/io.silkstone.gateway.GatewayComponent$Config.xml";
        try (InputStream in = GatewayComponent.class.getResourceAsStream(file)) {
            assertThat(in).as(file).isNotNull();
            NodeList rules =
                    DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(in)
                            .getElementsByTagName("AD");
            for (int i = 0; i < rules.getLength(); i++) {
                Element rule = (Element) rules.item(i);
                if (rule.getAttribute("id").equals(key)) {
                    return rule;
                }
            }
            throw new AssertionError("no rule for " + key);
        }
    }
}
