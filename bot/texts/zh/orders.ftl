# 订单：告诉客户和员工的内容，以及订单为何未被接受。
order-state-placed = 已下单
order-state-paid = 已付款
order-state-packed = 已打包
order-state-shipped = 已发货
order-state-delivered = 已送达
order-state-cancelled = 已取消
order-state-returned = 已退货
order-amount = { $amount } 不是可以入账的金额：金额要大于零，小数位数不能超过该货币的最小单位。
order-refund-too-much = 无法退款 { $amount }：已付金额中只剩 { $left } 可退。
order-payment-differs = 订单 { $order } 的流水号 { $reference } 已记录为其他金额或其他类型，请换一个流水号。
order-currency-changed = 订单 { $order } 已有其他货币的收付款，不能更改货币。
order-customer-erased = 订单 { $order } 所属客户的数据已删除，未收录这张订单。
order-state-older = 订单 { $order } 之后已有新的状态：{ $standing }。请填写更晚的时间。
order-of-nobody = 订单 { $order } 既没有邮箱也没有电话，无法确认属于谁。
