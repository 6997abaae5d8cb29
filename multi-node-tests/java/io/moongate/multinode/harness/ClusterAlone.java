package io.moongate.multinode.harness;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Tests that get the cluster of {@link ClusterExtension} while nobody else uses it: they may kill,
 * stop and restart what it consists of. Last of all, so that they are not kept waiting by those of
 * {@link ClusterShared} which run beside others.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ClusterExtension.class)
@ResourceLock(ClusterExtension.CLUSTER)
@Order(Integer.MAX_VALUE)
public @interface ClusterAlone {}
