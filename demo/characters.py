"""The characters names are made of, and what goes wrong with them: homophones, look-alikes, traditional forms."""

# surname, pinyin, weight (roughly its share of the population in per mille)
SURNAMES = """
李 li 72 王 wang 71 张 zhang 68 刘 liu 52 陈 chen 46 杨 yang 31 黄 huang 22 赵 zhao 21 吴 wu 20 周 zhou 19 徐 xu 15 孙 sun 15 马 ma 14
朱 zhu 13 胡 hu 12 林 lin 11 郭 guo 11 何 he 11 高 gao 10 罗 luo 9 郑 zheng 9 梁 liang 8 谢 xie 7 宋 song 7 唐 tang 7 许 xu 7 韩 han 6
冯 feng 6 邓 deng 6 曹 cao 6 彭 peng 6 曾 zeng 5 肖 xiao 6 田 tian 5 董 dong 5 袁 yuan 5 潘 pan 5 于 yu 6 蒋 jiang 5 蔡 cai 5 余 yu 4
杜 du 4 叶 ye 4 程 cheng 4 苏 su 4 魏 wei 4 吕 lv 4 丁 ding 4 任 ren 4 沈 shen 4 姚 yao 4 卢 lu 4 姜 jiang 3 崔 cui 3 钟 zhong 3 谭 tan 3
陆 lu 3 汪 wang 3 范 fan 3 金 jin 3 石 shi 3 廖 liao 3 贾 jia 3 夏 xia 3 韦 wei 3 付 fu 2 傅 fu 2 方 fang 3 白 bai 3 邹 zou 3 孟 meng 3
熊 xiong 3 秦 qin 3 邱 qiu 3 江 jiang 3 尹 yin 2 薛 xue 2 闫 yan 2 阎 yan 1 段 duan 2 雷 lei 2 侯 hou 2 龙 long 2 史 shi 2 陶 tao 2
黎 li 2 贺 he 2 顾 gu 2 毛 mao 2 郝 hao 2 龚 gong 2 邵 shao 2 万 wan 2 钱 qian 2 严 yan 2 覃 qin 2 武 wu 2 戴 dai 2 莫 mo 2 孔 kong 2
向 xiang 2 汤 tang 2 章 zhang 1 萧 xiao 1 单 shan 1 解 xie 1 仇 qiu 1 查 zha 1 乐 yue 1 盖 ge 1 於 yu 1
"""
COMPOUND = """
欧阳 ouyang 60 上官 shangguan 9 司马 sima 4 诸葛 zhuge 5 司徒 situ 5 东方 dongfang 2 皇甫 huangfu 6 尉迟 yuchi 2 夏侯 xiahou 2
公孙 gongsun 1 慕容 murong 3 令狐 linghu 5 端木 duanmu 1 长孙 zhangsun 1 宇文 yuwen 1
"""

# the given names every phone book is full of, commonest first
COMMON = ("伟 强 军 磊 勇 杰 涛 超 明 刚 建国 建华 志强 浩然", "芳 娜 敏 静 丽 秀英 艳 娟 霞 桂英 玉兰 婷婷 雪 丹")
SINGLE = (
    "伟强磊军勇涛杰超明刚平辉鹏华飞鑫波斌浩亮健峰宇凯洋龙东林俊帆旭阳彬毅晨晖恒康宁锋钢铭炜",
    "芳娜敏静丽艳娟霞燕玲婷雪颖琳洁倩莉梅红丹萍慧蕾璐欣悦瑶莹佳晶云岚妍琪薇楠宁蓉菲琴翠",
)
FIRST = (
    "建志国文海俊子浩家明晓永德金春新立振庆正天宏世少嘉泽宇奕一伟学光长福玉良景锦睿梓承思",
    "秀桂晓雅雨思欣子梦佳美丽春玉小诗梓婉可紫若语淑慧月艳海红文静玥彩爱凤冬银惠嘉芷沐一",
)
SECOND = (
    "华明军平强国文东杰辉伟峰涛林龙波宇轩豪然泽博涵成生民斌鹏飞亮祥荣宁安胜忠义昌贵阳瑞恒",
    "英兰珍梅芳华玲琴霞萍怡涵婷琪妍彤萱瑶欣悦蕾颖莹雯洁娟敏红云燕娜丽花香莲琼君菲宁晴溪",
)
RARE = "喆堃犇赟翀璟垚淼燚犇彧玥頔䶮㛃玙"
# what a system that lacks the character makes of it: a private-use code of old fonts, or a ruin
RUINS = {"䶮": "\ue863", "㛃": "?", "頔": "?", "燚": "■", "彧": "?", "玙": "■"}

# minority names: given and father's name, written with a middot between them
MINORITY = (
    "阿卜杜拉 买买提 艾合买提 吐尔逊 玉素甫 艾力 阿迪力 库尔班 亚森 穆萨 热合曼 肉孜 依明 沙吾提 努尔买买提 阿不都热依木",
    "阿依古丽 古丽娜尔 热依罕 帕提古丽 阿孜古丽 玛依拉 米娜瓦尔 迪丽努尔 茹仙古丽 麦尔哈巴 古丽米热 再娜甫 祖丽菲亚 阿米娜",
)
MIDDOTS = "·•・‧．"

# characters that sound alike (any of a group may be typed for another)
HOMOPHONES = """
张章彰 伟玮炜纬 丽莉俐立 静婧靖敬 陈程晨辰 杰洁婕捷 强蔷 军君俊钧 磊蕾垒 勇永咏 涛焘滔 明铭鸣名 刚钢岗纲 平萍苹屏 辉晖徽慧 鹏朋彭 华桦骅花
飞菲霏非 鑫欣昕新馨心 波博泊 斌彬宾滨 浩皓昊灏 亮靓谅 健建剑键 峰锋丰枫烽 宇雨羽禹语 凯恺楷 洋阳扬杨 龙隆珑 东冬栋 林琳霖临 旭栩序
毅艺奕逸怡 恒衡 康慷 宁柠凝 芳方坊 娜那 敏闽 艳燕雁砚 娟鹃涓 霞侠 玲铃凌灵 婷庭亭 雪学 颖莹盈滢萤 倩茜 梅玫媚 红虹宏洪鸿 丹单 璐露路
悦月玥越 瑶遥尧 佳嘉家加 晶菁静 云芸耘 岚兰澜 妍研 琪琦奇祺 薇微威 楠南男 蓉容溶 琴勤芹 翠粹 志智治致 国果 文雯闻 海亥 子梓紫籽 晓小筱
德得 金锦今瑾 春椿纯 振震镇 庆清青晴 正政铮 天添 世士仕 少绍 泽择则 学雪 光广 长常 福富 玉钰育 良梁亮 景璟 睿瑞蕊锐 承成诚程 思丝斯 秀绣
桂贵 雅娅 梦孟 美镁 诗施 婉宛 可克 若偌 淑舒书 彩采 爱艾 凤奉 银吟 惠会慧 芷止 沐木 一依伊 英瑛鹰 珍真贞 彤桐童 萱轩宣 香湘祥 莲连 琼穹
溪希曦 豪毫 然燃 博搏 涵寒含函 生升声 民敏 荣容蓉 安桉 胜圣盛 忠中钟 义谊意 昌长 徐许续 吴武伍 王汪 李里黎 刘柳留 黄皇 周州洲 孙荪 马玛
朱珠诸 胡湖 郭国 何合和 罗洛 郑正政 谢榭 唐汤堂 韩寒 冯逢 邓登 曾增 肖萧晓 田甜 董懂 袁元原 潘盼 于余鱼俞 蒋讲 蔡菜 杜渡 叶业 苏酥 魏卫
吕旅 丁叮 任仁 沈审 姚瑶 卢芦 姜江 崔催 谭谈 陆路 范饭 石时 廖聊 贾甲 夏下 付傅富 白柏 邹周 孟梦 秦勤 邱丘秋 尹引 薛雪 闫阎严颜 段断 雷磊
侯候 史始 陶桃 贺赫 顾故 毛茅 郝好 龚宫 邵绍 万晚 钱前
"""
# characters that look alike (mistaken in handwriting or in a list of candidates)
LOOKALIKES = """
伟纬 丽两 静靖 陈阵 杰木 军车 磊垒 勇涌 涛铸 明朋 刚冈 平苹 鹏鸥 华毕 鑫淼 斌赋 浩洁 健键 峰锋 宇字 洋详 龙尤 东乐 林材 旭旮 芳劳 娜那
敏繁 艳滟 娟绢 霞震 玲冷 婷停 雪雷 颖颍 琳淋 倩情 莉利 梅海 红江 丹舟 萍蓱 蕾雷 璐潞 欣掀 悦锐 瑶摇 莹萤 佳桂 晶品 云去 岚风 妍研 琪淇
薇徽 楠南 宁字 蓉容 菲非 志忘 国园 文交 海每 子于 晓哓 永水 德徳 金全 春舂 新斩 立位 庆厌 天夭 世卅 少小 泽择 宏宠 学字 光先 长张 福幅
玉王 良艮 景影 锦绵 睿容 梓样 秀禿 桂佳 雅稚 雨两 思恩 梦焚 美羊 小少 诗持 婉碗 可司 紫柴 若苦 语浯 淑椒 慧惠 彩采 爱受 凤风 冬各 惠慧
芷茞 英莫 珍诊 怡恰 涵函 彤丹 萱菅 瑞端 祥详 荣劳 安按 胜脞 昌冒 贵责 阳阴 张涨 李季 王玉 刘浏 杨扬 黄横 赵越 吴昊 周固 徐涂 孙孔 马鸟
朱未 胡湖 郭享 何向 高亮 罗岁 梁粱 谢射 宋末 唐康 韩朝 冯妈 邓双 曹槽 肖背 田由 董重 袁哀 于干 余佘 杜社 叶时 程理 苏办 吕侣 丁了 任仟
沈沉 姚桃 卢户 姜美 崔催 汪江 范茫 石右 贾买 夏复 方万 白自 孟盂 熊能 秦奏 邱丘 尹君 段叚 雷雪 侯候 史吏
"""
# simplified, traditional
TRADITIONAL = """
张張 陈陳 刘劉 杨楊 黄黃 赵趙 吴吳 孙孫 马馬 罗羅 郑鄭 谢謝 许許 韩韓 冯馮 邓鄧 肖蕭 萧蕭 蒋蔣 叶葉 苏蘇 吕呂 卢盧 谭譚 陆陸 范範 贾賈
韦韋 闫閆 阎閻 龙龍 贺賀 顾顧 龚龔 万萬 钱錢 严嚴 汤湯 单單 邹鄒 钟鐘 欧歐 阳陽 东東 诸諸 迟遲 长長 伟偉 强強 军軍 涛濤 杰傑 刚剛 辉輝
鹏鵬 华華 飞飛 凯凱 锋鋒 钢鋼 铭銘 炜煒 晖暉 宁寧 国國 晓曉 庆慶 学學 锦錦 泽澤 轩軒 胜勝 义義 贵貴 荣榮 丽麗 艳艷 静靜 颖穎 洁潔 红紅
莹瑩 云雲 岚嵐 梦夢 诗詩 语語 爱愛 凤鳳 银銀 兰蘭 玛瑪 琼瓊 莲蓮 笔筆 骏駿 维維 绍紹 纯純 圣聖 艺藝 乐樂 赟贇 玙璵 陶陶 亚亞 卫衛 书書
实實 连連 环環
"""
