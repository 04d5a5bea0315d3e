package io.silkstone.node.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MissingRequirementsTest {
    @Test
    void rangeOf_filters_readLikeImports() {
        assertThat(
                        MissingRequirements.rangeOf(
                                "(&(osgi.wiring.package=a)(version>=1.0.0)(!(version>=2.0.0)))"))
                .isEqualTo("[1.0.0,2.0.0)");
        assertThat(MissingRequirements.rangeOf("(&(osgi.wiring.package=a)(version>=1.5.0))"))
                .isEqualTo("1.5.0 or higher");
        assertThat(MissingRequirements.rangeOf("(&(osgi.ee=JavaSE)(version=99))")).isEqualTo("99");
        assertThat(MissingRequirements.rangeOf("(osgi.wiring.package=a)")).isEmpty();
    }
}
