package io.silkstone.store.master;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.annotation.Annotation;
import org.junit.jupiter.api.Test;

class MembershipComponentTest {
    private record Config(String redis_endpoint) implements MembershipComponent.Config {
        @Override
        public Class<? extends Annotation> annotationType() {
            return MembershipComponent.Config.class;
        }
    }

    @Test
    void checked_hostAndPortOrNothing_isTaken() {
        assertThat(MembershipComponent.checked(new Config(""))).isEmpty();
        assertThat(MembershipComponent.checked(new Config(" db.example:7600 ")))
                .isEqualTo("db.example:7600");
    }

    @Test
    void checked_noPort_isRefusedByName() {
        assertThatThrownBy(() -> MembershipComponent.checked(new Config("db.example")))
                .hasMessage("redis.endpoint must be host:port or empty, was 'db.example'");
    }

    @Test
    void endpoint_isTheTransportsHostAndTheNodesFirstPort() {
        assertThat(MembershipComponent.endpoint("aeron:10.0.0.7:7700?dir=/x;token=1", "7610"))
                .isEqualTo("10.0.0.7:7610");
        assertThat(MembershipComponent.endpoint("aeron:[2001:db8::7]:7700", null))
                .isEqualTo("[2001:db8::7]:7600");
    }
}
